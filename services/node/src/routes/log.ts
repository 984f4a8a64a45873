import {
  confirmLog,
  type Deps,
  getHeldCheckpoint,
  getSealedCheckpoint,
  observationsOf,
  proveConsistency,
  proveInclusion,
  readPage,
  type SyncDeps,
  verifyOwnLog,
  waitForGrowth,
} from '@concordance/exchange'
import {
  api,
  type BodyOf,
  formatEntryLine,
  formatTrailerLine,
  limits,
  type ParamsOf,
  type QueryOf,
} from '@concordance/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { addRoute, peerOf, personOf, viewerOf } from '../access.ts'

export const logRoutes = async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  // A held request ends when the node stops; its caller asks again.
  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort())
  addRoute(app, api.getCheckpoint, async (request, reply) => {
    const { checkpoint, note } = await getSealedCheckpoint(deps)
    reply.header('cache-control', 'no-store')
    if (note !== undefined && request.headers.accept === 'text/plain')
      return reply.type('text/plain; charset=utf-8').send(note)
    return { checkpoint, ...(note !== undefined && { note }) }
  })
  addRoute(app, api.proveInclusion, async (request) =>
    proveInclusion(deps, viewerOf(request), request.query as QueryOf<typeof api.proveInclusion>),
  )
  addRoute(app, api.proveConsistency, async (request) =>
    proveConsistency(deps, request.query as QueryOf<typeof api.proveConsistency>),
  )
  addRoute(app, api.listEntries, async (request, reply) => sendPage(deps, stopping.signal, request, reply))
  addRoute(app, api.listObservations, async (request) => {
    const { origin, from = 0 } = request.query as QueryOf<typeof api.listObservations>
    return observationsOf(deps, { origin, from })
  })
  addRoute(app, api.getMirroredCheckpoint, async (request) => {
    const { origin } = request.params as ParamsOf<typeof api.getMirroredCheckpoint>
    return getHeldCheckpoint(deps, origin)
  })
  addRoute(app, api.notify, async (request, reply) => {
    const { size } = request.body as BodyOf<typeof api.notify>
    deps.wake.announce(`hint:${peerOf(request).iss}`, size)
    return reply.code(204).send()
  })
  addRoute(app, api.verifyLog, async () => verifyOwnLog(deps))
  addRoute(app, api.confirmLog, async (request, reply) => {
    const { size, reason } = request.body as BodyOf<typeof api.confirmLog>
    await confirmLog(deps, { size, reason, actor: personOf(request).subject })
    return reply.code(204).send()
  })
}

/** Holds the request until there is something, then reads rights and entries afresh: what was true on arrival may not be. */
async function sendPage(
  deps: Deps,
  stopping: AbortSignal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { from, limit = limits.pageEntries, wait = 0 } = request.query as QueryOf<typeof api.listEntries>
  const gone = new AbortController()
  reply.raw.on('close', () => gone.abort())
  if (wait > 0) await waitForGrowth(deps, from, wait * 1_000, AbortSignal.any([gone.signal, stopping]))
  if (gone.signal.aborted) return reply.hijack()
  const page = await readPage(deps, peerOf(request), { from, limit })
  const lines = page.entries.map(formatEntryLine)
  lines.push(formatTrailerLine(page.trailer))
  return reply.type('application/x-ndjson').send(`${lines.join('\n')}\n`)
}
