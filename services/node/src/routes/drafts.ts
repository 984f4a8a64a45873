import {
  createDraft,
  deleteDraft,
  getDraft,
  listDrafts,
  publishDraft,
  replaceDraft,
  type SyncDeps,
} from '@concordance/exchange'
import { api, type DraftView } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { callOf, colleagueOf, draftOf } from '../colleague.ts'

const defaultLimit = 50

/** Unsigned work of the institute's staff. */
export const draftRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.createDraft,
    handler: async (request, reply) => sendDraft(reply, 201, await createDraft(deps, request.body, callOf(request))),
  })
  app.route({
    ...api.listDrafts,
    handler: (request) => {
      const { cursor, limit = defaultLimit } = request.query
      return listDrafts(deps, colleagueOf(request), { limit, ...(cursor !== undefined && { cursor }) })
    },
  })
  app.route({
    ...api.getDraft,
    handler: async (request, reply) =>
      sendDraft(reply, 200, await getDraft(deps, request.params.id, colleagueOf(request))),
  })
  app.route({
    ...api.replaceDraft,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return sendDraft(reply, 200, await replaceDraft(deps, draft, request.body, colleagueOf(request)))
    },
  })
  app.route({
    ...api.deleteDraft,
    handler: async (request, reply) => {
      await deleteDraft(deps, draftOf(request.params.id, request.headers['if-match']), colleagueOf(request))
      return reply.code(204).send(null)
    },
  })
  app.route({
    ...api.publishDraft,
    handler: async (request, reply) => {
      const { id } = request.params
      const tag = request.headers['if-match']
      const draft = tag === undefined ? { id } : draftOf(id, tag)
      return reply.code(201).send(await publishDraft(deps, draft, callOf(request)))
    },
  })
}

export function sendDraft(reply: FastifyReply, status: 200 | 201, draft: DraftView): FastifyReply {
  return reply.code(status).header('etag', `"${draft.etag}"`).send(draft)
}
