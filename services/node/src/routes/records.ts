import { exportRecord, getRecord, listRecords, listVersions, publishRecord, type SyncDeps } from '@concordance/exchange'
import {
  api,
  type BodyOf,
  type HeadersOf,
  type ParamsOf,
  parseStatementUnsafe,
  type QueryOf,
} from '@concordance/protocol'
import type { FastifyInstance } from 'fastify'
import { addRoute, personOf, viewerOf } from '../access.ts'
import { HttpProblem } from '../problems.ts'

const defaultLimit = 50

export const recordRoutes = async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  addRoute(app, api.listRecords, async (request) => {
    const { cursor, limit = defaultLimit, ...filters } = request.query as QueryOf<typeof api.listRecords>
    return listRecords(deps, viewerOf(request), { filters, limit, ...(cursor !== undefined && { cursor }) })
  })
  addRoute(app, api.publishRecord, async (request, reply) => {
    const headers = request.headers as HeadersOf<typeof api.publishRecord>
    const input = request.body as BodyOf<typeof api.publishRecord>
    const receipt = await publishRecord(deps, input, callOf(request, headers['idempotency-key']))
    return reply.code(201).send(receipt)
  })
  addRoute(app, api.getRecord, async (request) => {
    const { id } = request.params as ParamsOf<typeof api.getRecord>
    return getRecord(deps, viewerOf(request), id)
  })
  addRoute(app, api.getRecordBody, async (request, reply) => {
    const { id } = request.params as ParamsOf<typeof api.getRecordBody>
    const { statement, body, state } = await getRecord(deps, viewerOf(request), id)
    if (body === null && state === 'statement') throw new HttpProblem('gone', 'the record was taken back')
    if (body === null) throw new HttpProblem('not-found', 'the record has no body')
    reply.header('x-content-type-options', 'nosniff')
    return reply.type(parseStatementUnsafe(statement).statement.body?.type ?? 'application/json').send(body)
  })
  addRoute(app, api.getRecordProof, async (request) => {
    const { id } = request.params as ParamsOf<typeof api.getRecordProof>
    return exportRecord(deps, viewerOf(request), id)
  })
  addRoute(app, api.getFinding, async (request) => {
    const { iss, finding } = request.params as ParamsOf<typeof api.getFinding>
    const versions = await listVersions(deps, viewerOf(request), iss, finding)
    if (versions.length === 0) throw new HttpProblem('not-found', 'there is no such finding')
    return { iss, finding, versions }
  })
}

/** Who asks for an act, and the key under which it counts once. */
export function callOf(request: Parameters<typeof personOf>[0], idempotencyKey: string) {
  return { actor: personOf(request).subject, idempotencyKey }
}
