import { type Deps, getReadiness } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

/** For whatever starts and restarts the node. A peer that is down never makes this node unready. */
export const probeRoutes: FastifyPluginAsyncTypebox<{ deps: Deps }> = async (app, { deps }) => {
  app.route({ ...api.getLiveness, handler: async () => ({ status: 'ok' as const }) })
  app.route({
    ...api.getReadiness,
    handler: async () => ({ status: 'ready' as const, log: await getReadiness(deps) }),
  })
}
