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
import { personOf } from '../caller.ts'
import { NodeError } from '../error.ts'

const defaultLimit = 50

/** Unsigned work of the institute's staff. */
export const draftRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.createDraft,
    handler: async (request, reply) => {
      const call = { actor: personOf(request).subject, idempotencyKey: request.headers['idempotency-key'] }
      return sendDraft(reply, 201, await createDraft(deps, request.body, call))
    },
  })
  app.route({
    ...api.listDrafts,
    handler: ({ query: { cursor, limit = defaultLimit } }) =>
      listDrafts(deps, { limit, ...(cursor !== undefined && { cursor }) }),
  })
  app.route({
    ...api.getDraft,
    handler: async ({ params: { id } }, reply) => sendDraft(reply, 200, await getDraft(deps, id)),
  })
  app.route({
    ...api.replaceDraft,
    handler: async (request, reply) => {
      const draft = { id: request.params.id, etag: getEtag(request.headers['if-match']) }
      return sendDraft(reply, 200, await replaceDraft(deps, draft, request.body, personOf(request).subject))
    },
  })
  app.route({
    ...api.deleteDraft,
    handler: async ({ params: { id }, headers }, reply) => {
      await deleteDraft(deps, { id, etag: getEtag(headers['if-match']) })
      return reply.code(204).send(null)
    },
  })
  app.route({
    ...api.publishDraft,
    handler: async (request, reply) => {
      const { 'if-match': tag, 'idempotency-key': idempotencyKey } = request.headers
      const draft = { id: request.params.id, ...(tag !== undefined && { etag: getEtag(tag) }) }
      const call = { actor: personOf(request).subject, idempotencyKey }
      return reply.code(201).send(await publishDraft(deps, draft, call))
    },
  })
}

export function sendDraft(reply: FastifyReply, status: 200 | 201, draft: DraftView): FastifyReply {
  return reply.code(status).header('etag', `"${draft.etag}"`).send(draft)
}

/** @throws {NodeError} `precondition-required`. */
function getEtag(header: string | undefined): number {
  if (header === undefined) throw new NodeError('precondition-required', 'If-Match is missing')
  return Number(header.slice(1, -1))
}
