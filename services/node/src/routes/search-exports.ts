import { addAbortSignal, Readable } from 'node:stream'
import { citeRecord, describeAsJsonLd, exportSearch, feedSearch, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { viewerOf } from '../caller.ts'
import type { Rates } from '../rates.ts'

/** Longest time to take a whole export. */
const exportTimeoutMs = 300_000

/** What is taken away: citations, descriptions, files and feeds. Each is what is open to whoever asks, at that moment. */
export const searchExportRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; rates: Rates }> = async (app, options) => {
  const { deps, rates } = options
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  app.route({
    ...api.getCitation,
    handler: async (request, reply) => {
      const { style = 'plain' } = request.query
      const file = await citeRecord(deps, await viewerOf(deps, request), request.params.id, style)
      return announce(reply, file).send(file.text)
    },
  })
  app.route({
    ...api.getJsonLd,
    handler: async (request, reply) => {
      const file = await describeAsJsonLd(deps, await viewerOf(deps, request), request.params.id)
      return announce(reply, file).send(file.text)
    },
  })
  app.route({
    ...api.exportSearch,
    handler: async (request, reply) => {
      await rates.export(request, reply)
      const { format, sort, ...filters } = request.query
      const question = { filters, format, ...(sort && { sort }) }
      const { pieces, ...file } = await exportSearch(deps, await viewerOf(deps, request), question)
      const stream = addAbortSignal(AbortSignal.timeout(exportTimeoutMs), Readable.from(pieces, { objectMode: false }))
      return announce(reply, file).send(stream as never)
    },
  })
  app.route({
    ...api.feedSearch,
    handler: async (request, reply) => {
      const file = await feedSearch(deps, await viewerOf(deps, request), request.query)
      return announce(reply, file).send(file.text)
    },
  })
}

interface Announced {
  readonly mediaType: string
  readonly fileName: string
}

/** As a file to be kept, never as something a browser shows. */
function announce<Reply extends FastifyReply>(reply: Reply, { mediaType, fileName }: Announced): Reply {
  return reply
    .type(`${mediaType}; charset=utf-8`)
    .header('content-disposition', `attachment; filename="${fileName}"`) as Reply
}
