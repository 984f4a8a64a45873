import {
  createDraft,
  deleteDraft,
  getDraft,
  listDrafts,
  publishDraft,
  replaceDraft,
  reviseFinding,
  type SyncDeps,
  withdrawFinding,
} from '@concordance/exchange'
import { api, type BodyOf, type DraftView, type HeadersOf, type ParamsOf, type QueryOf } from '@concordance/protocol'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { addRoute, personOf } from '../access.ts'
import { HttpProblem } from '../problems.ts'
import { callOf } from './records.ts'

const defaultLimit = 50

export const draftRoutes = async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  addRoute(app, api.createDraft, async (request, reply) => {
    const headers = request.headers as HeadersOf<typeof api.createDraft>
    const input = request.body as BodyOf<typeof api.createDraft>
    return sendDraft(reply.code(201), await createDraft(deps, input, callOf(request, headers['idempotency-key'])))
  })
  addRoute(app, api.listDrafts, async (request) => {
    const { cursor, limit = defaultLimit } = request.query as QueryOf<typeof api.listDrafts>
    return listDrafts(deps, { limit, ...(cursor !== undefined && { cursor }) })
  })
  addRoute(app, api.getDraft, async (request, reply) => {
    const { id } = request.params as ParamsOf<typeof api.getDraft>
    return sendDraft(reply, await getDraft(deps, id))
  })
  addRoute(app, api.replaceDraft, async (request, reply) => {
    const { id } = request.params as ParamsOf<typeof api.replaceDraft>
    const input = request.body as BodyOf<typeof api.replaceDraft>
    const etag = getEtag(request.headers['if-match'])
    return sendDraft(reply, await replaceDraft(deps, { id, etag }, input, personOf(request).subject))
  })
  addRoute(app, api.deleteDraft, async (request, reply) => {
    const { id } = request.params as ParamsOf<typeof api.deleteDraft>
    await deleteDraft(deps, { id, etag: getEtag(request.headers['if-match']) })
    return reply.code(204).send()
  })
  addRoute(app, api.publishDraft, async (request, reply) => {
    const { id } = request.params as ParamsOf<typeof api.publishDraft>
    const headers = request.headers as HeadersOf<typeof api.publishDraft>
    const etag = headers['if-match'] === undefined ? undefined : getEtag(headers['if-match'])
    const call = callOf(request, headers['idempotency-key'])
    return reply.code(201).send(await publishDraft(deps, { id, ...(etag !== undefined && { etag }) }, call))
  })
  addRoute(app, api.reviseFinding, async (request, reply) => {
    const { finding } = request.params as ParamsOf<typeof api.reviseFinding>
    const headers = request.headers as HeadersOf<typeof api.reviseFinding>
    return sendDraft(reply.code(201), await reviseFinding(deps, finding, callOf(request, headers['idempotency-key'])))
  })
  addRoute(app, api.withdrawFinding, async (request, reply) => {
    const { finding } = request.params as ParamsOf<typeof api.withdrawFinding>
    const headers = request.headers as HeadersOf<typeof api.withdrawFinding>
    const why = request.body as BodyOf<typeof api.withdrawFinding>
    return reply.code(201).send(await withdrawFinding(deps, finding, why, callOf(request, headers['idempotency-key'])))
  })
}

function sendDraft(reply: FastifyReply, draft: DraftView): FastifyReply {
  return reply.header('etag', `"${draft.etag}"`).send(draft)
}

function getEtag(header: string | undefined): number {
  if (header === undefined) throw new HttpProblem('precondition-required', 'If-Match is missing')
  return Number(header.slice(1, -1))
}
