import { readAccessPage, readPage, type Seen, type SyncDeps, waitForGrowth } from '@concordance/exchange'
import { api, formatEntryLine, formatTrailerLine, limits } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { peerOf } from '../caller.ts'
import { createPlaces } from '../places.ts'

/** Long polls of one peer at a time; a further one is answered at once. */
const waitsAtMost = 4

/** Copying our log. @param stopping Ends every wait, so that the node can stop. */
export const entryRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; stopping: AbortSignal }> = async (
  app,
  { deps, stopping },
) => {
  const waits = createPlaces(waitsAtMost)
  // What says nothing between two nodes is left out, for it would weigh a quarter of a record: headers for browsers, of
  // which none can sign a request, and that a connection of HTTP/1.1 stays open.
  app.addHook('onSend', async (_request, reply) => {
    if (!stopping.aborted) reply.raw.removeHeader('connection')
  })
  app.route({
    ...api.listEntries,
    config: { browserHeaders: false },
    handler: async (request, reply) => {
      const peer = peerOf(request)
      const { from, limit = limits.pageEntries, wait = 0, accessAt } = request.query
      if (wait > 0) {
        const signal = AbortSignal.any([request.signal, stopping])
        await waits.use(peer.iss, () => waitForGrowth(deps, seenBy(peer, from, accessAt), wait * 1_000, signal))
      }
      // Rights and entries are read afresh: what was true on arrival may not be true after the wait.
      const page = await readPage(deps, peer, { from, limit })
      const lines = [...page.entries.map(formatEntryLine), formatTrailerLine(page.trailer)]
      // As bytes: for text a charset would be added, which this media type does not have.
      return reply.type('application/x-ndjson').send(Buffer.from(`${lines.join('\n')}\n`) as never)
    },
  })
  app.route({
    ...api.listAccess,
    handler: async (request) => ({ page: await readAccessPage(deps, peerOf(request), request.query.from) }),
  })
  app.route({
    ...api.notify,
    config: { browserHeaders: false },
    handler: async (request, reply) => {
      // A hint is as new as it is late: what it says about sizes is for the pull to find out.
      deps.wake.announce(`hint:${peerOf(request).iss}`, deps.now().getTime())
      return reply.code(204).send(null)
    },
  })
}

function seenBy(peer: { readonly iss: string }, size: number, accessAt: number | undefined): Seen {
  return { size, ...(accessAt !== undefined && { access: { peer: peer.iss, length: accessAt } }) }
}
