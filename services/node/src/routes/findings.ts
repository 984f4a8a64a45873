import { markRecord, publishRecord, reviseFinding, type SyncDeps, withdrawFinding } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { callOf, publishingCallOf } from '../colleague.ts'
import { withRoom } from '../limit-heap.ts'
import { sendDraft } from './drafts.ts'

/** Publishing, revising, marking and withdrawing what this institute found. */
export const findingRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.publishRecord,
    handler: async (request, reply) => {
      const receipt = await withRoom(() => publishRecord(deps, request.body, callOf(request)))
      return reply.code(201).send(receipt)
    },
  })
  app.route({
    ...api.reviseFinding,
    handler: async (request, reply) =>
      sendDraft(reply, 201, await reviseFinding(deps, request.params.finding, callOf(request))),
  })
  app.route({
    ...api.withdrawFinding,
    handler: async (request, reply) =>
      reply.code(201).send(await withdrawFinding(deps, request.params.finding, request.body, callOf(request))),
  })
  app.route({
    ...api.markRecord,
    handler: async (request, reply) =>
      reply.code(201).send(await markRecord(deps, request.params.id, request.body, publishingCallOf(request))),
  })
}
