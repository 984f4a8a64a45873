import { getHeldCheckpoint, observationsOf, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

/** What we saw of other logs, for peers to compare. */
export const observationRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.listObservations,
    handler: ({ query: { origin, from = 0 } }) => observationsOf(deps, { origin, from }),
  })
  app.route({ ...api.getMirroredCheckpoint, handler: ({ params }) => getHeldCheckpoint(deps, params.origin) })
}
