import { listActivePeers, type SyncDeps, searchFederation, searchRecords } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { viewerOf } from '../caller.ts'
import type { Rates } from '../rates.ts'

const defaultLimit = 50
const defaultBudgetMs = 4_000

/** Search here and, when asked to, at every active peer. */
export const searchRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; rates: Rates }> = async (app, options) => {
  const { deps, rates } = options
  app.route({
    ...api.search,
    handler: async (request, reply) => {
      const { limit = defaultLimit, federated = false, budgetMs = defaultBudgetMs, ...filters } = request.query
      const viewer = await viewerOf(deps, request)
      const local = await searchRecords(deps, viewer, filters, limit)
      if (!federated) return { hits: local, complete: true, institutes: [] }
      await rates.federated(request, reply)
      const { q, type } = filters
      const question = { q, viewer, limit, budgetMs, ...(type !== undefined && { type }) }
      const result = await searchFederation(deps, await listActivePeers(deps), local, question)
      return { complete: result.complete, hits: result.hits.slice(0, limit), institutes: [...result.institutes] }
    },
  })
}
