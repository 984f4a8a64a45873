import { getSealedCheckpoint, proveConsistency, proveInclusion, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { viewerOf } from '../caller.ts'
import { NodeError } from '../error.ts'

/** The newest head of our log, and proofs about it, for anybody. */
export const logRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.getCheckpoint,
    handler: async (request, reply) => {
      const { checkpoint, note } = await getSealedCheckpoint(deps)
      reply.header('cache-control', 'no-store').header('vary', 'accept')
      if (!wantsText(request.headers.accept)) return { checkpoint, ...(note !== undefined && { note }) }
      if (note === undefined) throw new NodeError('not-acceptable', 'this log is not signed as a note')
      return reply.type('text/plain; charset=utf-8').send(note as never)
    },
  })
  app.route({
    ...api.proveInclusion,
    handler: async (request) => proveInclusion(deps, await viewerOf(deps, request), request.query),
  })
  app.route({ ...api.proveConsistency, handler: ({ query }) => proveConsistency(deps, query) })
}

/** Whoever names text and not JSON. */
function wantsText(accept = '*/*'): boolean {
  return /\btext\/(plain|\*)/.test(accept) && !/\bapplication\/(json|\*)/.test(accept)
}
