import { exportRecord, getRecord, listCitations, listRecords, listVersions, type SyncDeps } from '@concordance/exchange'
import { type AnswerOf, api, parseStatementUnsafe } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { viewerOf } from '../caller.ts'
import { NodeError } from '../error.ts'

const defaultLimit = 50

/** Reading records, for whoever asks: each sees what is open to them. */
export const recordRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.listRecords,
    handler: async (request) => {
      const { cursor, limit = defaultLimit, ...filters } = request.query
      return listRecords(deps, await viewerOf(deps, request), {
        filters,
        limit,
        ...(cursor !== undefined && { cursor }),
      })
    },
  })
  app.route({
    ...api.getRecord,
    handler: async (request) => getRecord(deps, await viewerOf(deps, request), request.params.id),
  })
  app.route({
    ...api.getRecordBody,
    handler: async (request, reply) => {
      const { statement, body, status } = await getRecord(deps, await viewerOf(deps, request), request.params.id)
      if (body === null && status === 'withdrawn') throw new NodeError('gone', 'the record was taken back')
      if (body === null) throw new NodeError('not-found', 'the record has no body')
      return reply.type(parseStatementUnsafe(statement).statement.body?.type ?? 'application/json').send(body)
    },
  })
  app.route({
    ...api.getRecordProof,
    handler: async (request) =>
      (await exportRecord(deps, await viewerOf(deps, request), request.params.id)) as AnswerOf<
        typeof api.getRecordProof
      >,
  })
  app.route({
    ...api.listCitations,
    handler: async (request) => {
      const { cursor, limit = defaultLimit } = request.query
      const page = { limit, ...(cursor !== undefined && { cursor }) }
      return listCitations(deps, await viewerOf(deps, request), request.params.id, page)
    },
  })
  app.route({
    ...api.getFinding,
    handler: async (request) => {
      const { iss, finding } = request.params
      const versions = await listVersions(deps, await viewerOf(deps, request), iss, finding)
      if (versions.length === 0) throw new NodeError('not-found', 'there is no such finding')
      return { iss, finding, versions }
    },
  })
}
