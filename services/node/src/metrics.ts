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
  const readLog = createLogGauges(registry, deps)
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
    async format() {
      await readLog()
      return registry.metrics()
    },
  }
}

/** @returns reads the figures of the log and of the peers anew. */
function createLogGauges(registry: Registry, deps: SyncDeps): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `concordance_${name}`, help, labelNames, registers: [registry] })
  const entries = gauge('log_entries', 'Entries of our own log.')
  const unconfirmed = gauge('log_unconfirmed', '1 while publishing is refused because our log is not confirmed.')
  const verified = gauge('peer_verified_entries', 'Entries of the peer’s log that are copied and verified.', ['peer'])
  const behind = gauge('peer_behind_entries', 'Entries the peer has signed that are not verified here yet.', ['peer'])
  const stopped = gauge('peer_stopped', '1 while the peer is held, unverifiable or frozen.', ['peer'])
  const up = gauge('database_up', '1 while the database answers; until it does again, the last figures stand.')

  const read = async () => {
    const own = await deps.db.selectFrom('log').select(['size', 'state']).where('is_own', '=', true).executeTakeFirst()
    entries.set(own?.size ?? 0)
    unconfirmed.set(own?.state === 'unconfirmed' ? 1 : 0)
    for (const { iss, size, announcedSize = size, state } of await listPeerSync(deps)) {
      verified.set({ peer: iss }, size)
      behind.set({ peer: iss }, Math.max(0, announcedSize - size))
      stopped.set({ peer: iss }, state === 'following' ? 0 : 1)
    }
  }
  return () =>
    read().then(
      () => up.set(1),
      () => up.set(0), // this figure is how the operator hears of it
    )
}
