import { deleteSearch, listSearches, type SyncDeps, saveSearch } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { personOf } from '../caller.ts'

/** Searches with a name, each for whoever saved it, staff or not. */
export const savedSearchRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  app.route({
    ...api.listSearches,
    handler: async (request) => ({ items: await listSearches(deps, personOf(request).subject) }),
  })
  app.route({
    ...api.saveSearch,
    handler: async (request, reply) => {
      const call = { actor: personOf(request).subject, idempotencyKey: request.headers['idempotency-key'] }
      return reply.code(201).send(await saveSearch(deps, request.body, call))
    },
  })
  app.route({
    ...api.deleteSearch,
    handler: async (request, reply) => {
      await deleteSearch(deps, personOf(request).subject, request.params.id)
      return reply.code(204).send(null)
    },
  })
}
