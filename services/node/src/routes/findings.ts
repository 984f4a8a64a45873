import { publishRecord, reviseFinding, type SyncDeps, withdrawFinding } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { personOf } from '../caller.ts'
import { sendDraft } from './drafts.ts'

/** Publishing, revising and withdrawing what this institute found. */
export const findingRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.publishRecord,
    handler: async (request, reply) => {
      const call = { actor: personOf(request).subject, idempotencyKey: request.headers['idempotency-key'] }
      return reply.code(201).send(await publishRecord(deps, request.body, call))
    },
  })
  app.route({
    ...api.reviseFinding,
    handler: async (request, reply) => {
      const call = { actor: personOf(request).subject, idempotencyKey: request.headers['idempotency-key'] }
      return sendDraft(reply, 201, await reviseFinding(deps, request.params.finding, call))
    },
  })
  app.route({
    ...api.withdrawFinding,
    handler: async (request, reply) => {
      const call = { actor: personOf(request).subject, idempotencyKey: request.headers['idempotency-key'] }
      return reply.code(201).send(await withdrawFinding(deps, request.params.finding, request.body, call))
    },
  })
}
