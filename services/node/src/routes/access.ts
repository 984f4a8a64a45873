import { explainAccess, previewAudience, type SyncDeps, suspendPeer } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { personOf, viewerOf } from '../caller.ts'
import { colleagueOf } from '../colleague.ts'

/** Who may see what, and whom this institute exchanges with. */
export const accessRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.previewAudience,
    handler: async (request) => {
      colleagueOf(request)
      return previewAudience(deps, await viewerOf(deps, request), request.body)
    },
  })
  app.route({
    ...api.explainAccess,
    handler: async (request) => explainAccess(deps, await viewerOf(deps, request), request.params.id),
  })
  for (const [act, contract] of [
    ['suspend', api.suspendPeer],
    ['resume', api.resumePeer],
  ] as const) {
    app.route({
      ...contract,
      handler: async (request, reply) => {
        await suspendPeer(deps, request.params.iss, act, personOf(request).subject)
        return reply.code(204).send(null)
      },
    })
  }
}
