import type { SyncDeps } from '@concordance/exchange'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createApp } from './build-app.ts'
import { accessPolicies } from './guards.ts'
import type { Metrics } from './metrics.ts'
import { problemAnswers } from './problems.ts'
import { probeRoutes } from './routes/probes.ts'

/**
 * The app for the operator's own network, on a port of its own: metrics and probes. It asks for no credential, because
 * it has to answer while the database does not; whoever can reach the port may read it.
 */
export async function buildOperationsApp(
  deps: SyncDeps,
  metrics: Metrics,
  logger: FastifyBaseLogger,
): Promise<FastifyInstance> {
  const app = createApp(logger, { trustedProxies: [] })
  await app.register(problemAnswers)
  await app.register(accessPolicies)
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'public' }
  })
  await app.register(probeRoutes, { deps })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.format()))
  return app
}
