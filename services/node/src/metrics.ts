import { listPeerSync, type SyncDeps } from '@concordance/exchange'
import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the node counts. Labels are routes, statuses and peers: never the id of a record, nothing a request said. */
export interface Metrics {
  /** Counts every answer of an app. */
  watch(app: FastifyInstance): void
  readonly contentType: string
  /** Prometheus text format. */
  format(): Promise<string>
}

export function createMetrics(deps: SyncDeps): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'concordance_' })
  registerLogGauges(registry, deps)
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
  return {
    watch(app) {
      app.addHook('onResponse', async (request, reply) => {
        const route = request.routeOptions.url ?? 'none'
        requests.inc({ route, status: reply.statusCode })
        seconds.observe({ route }, reply.elapsedTime / 1_000)
      })
    },
    contentType: registry.contentType,
    format: () => registry.metrics(),
  }
}

function registerLogGauges(registry: Registry, deps: SyncDeps): void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `concordance_${name}`, help, labelNames: ['peer'], registers: [registry] })
  const verified = gauge('peer_verified_entries', 'Entries of the peer’s log that are copied and verified.')
  const behind = gauge('peer_behind_entries', 'Entries the peer has signed that are not verified here yet.')
  const stopped = gauge('peer_stopped', '1 while the peer is held, unverifiable or frozen.')
  const entries = new Gauge({ name: 'concordance_log_entries', help: 'Entries of our own log.', registers: [registry] })
  const unconfirmed = new Gauge({
    name: 'concordance_log_unconfirmed',
    help: '1 while publishing is refused because our log is not confirmed.',
    registers: [registry],
  })
  new Gauge({
    name: 'concordance_database_up',
    help: '1 while the database answers. While it does not, the other figures of the log are the last ones known.',
    registers: [registry],
    async collect() {
      try {
        const own = await deps.db
          .selectFrom('log')
          .select(['size', 'state'])
          .where('is_own', '=', true)
          .executeTakeFirst()
        entries.set(own?.size ?? 0)
        unconfirmed.set(own?.state === 'unconfirmed' ? 1 : 0)
        for (const peer of await listPeerSync(deps)) {
          verified.set({ peer: peer.iss }, peer.size)
          behind.set({ peer: peer.iss }, Math.max(0, (peer.announcedSize ?? peer.size) - peer.size))
          stopped.set({ peer: peer.iss }, peer.state === 'following' ? 0 : 1)
        }
        this.set(1)
      } catch {
        this.set(0) // this gauge is how the operator hears of it
      }
    },
  })
}
