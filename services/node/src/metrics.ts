import { listPeerSync, type SyncDeps } from '@concordance/exchange'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * `GET /metrics` for Prometheus, with a token of scope `operate`. Labels are routes, statuses and peers: never ids of
 * records, never anything a request said.
 */
export const metricsRoute = fp(async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'concordance_' })
  const requests = new Counter({
    name: 'concordance_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'concordance_http_request_seconds',
    help: 'Time to answer, by route. Long polls wait on purpose.',
    labelNames: ['route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers: [registry],
  })
  registerLogGauges(registry, deps)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    requests.inc({ route, status: reply.statusCode })
    seconds.observe({ route }, reply.elapsedTime / 1_000)
  })
  app.get('/metrics', { config: { access: 'person', scope: 'operate' } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
})

function registerLogGauges(registry: Registry, deps: SyncDeps): void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `concordance_${name}`, help, labelNames: ['peer'], registers: [registry] })
  const verified = gauge('peer_verified_entries', 'Entries of the peer’s log that are copied and verified.')
  const behind = gauge('peer_behind_entries', 'Entries the peer has signed that are not verified here yet.')
  const stopped = gauge('peer_stopped', '1 while the peer is held, unverifiable or frozen.')
  new Gauge({
    name: 'concordance_log_entries',
    help: 'Entries of our own log.',
    registers: [registry],
    async collect() {
      const row = await deps.db.selectFrom('log').select('size').where('is_own', '=', true).executeTakeFirst()
      this.set(row?.size ?? 0)
      for (const peer of await listPeerSync(deps)) {
        verified.set({ peer: peer.iss }, peer.size)
        behind.set({ peer: peer.iss }, Math.max(0, (peer.announcedSize ?? peer.size) - peer.size))
        stopped.set({ peer: peer.iss }, peer.state === 'following' ? 0 : 1)
      }
    },
  })
}
