import { confirmLog, type SyncDeps, verifyOwnLog } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { personOf } from '../caller.ts'

/** What the operator of the node does to its log. */
export const operationRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  // It reads the whole log: whoever asks meanwhile gets the answer of the check at hand.
  let running: ReturnType<typeof verifyOwnLog> | undefined
  app.route({
    ...api.verifyLog,
    handler: () => {
      running ??= verifyOwnLog(deps).finally(() => {
        running = undefined
      })
      return running
    },
  })
  app.route({
    ...api.confirmLog,
    handler: async (request, reply) => {
      await confirmLog(deps, { ...request.body, actor: personOf(request).subject })
      return reply.code(204).send(null)
    },
  })
}
