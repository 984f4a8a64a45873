import { type FederatedQuestion, type SyncDeps, searchFederation, searchLocal } from '@concordance/exchange'
import { api, type QueryOf } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { viewerOf } from '../caller.ts'
import { NodeError } from '../error.ts'
import { withRoom } from '../limit-heap.ts'
import type { LiveSearches } from '../live-searches.ts'

const defaultLimit = 50
/** For somebody who waits; a batch may take up to `limits.searchBudgetMs`. */
const defaultBudgetMs = 4_000

/** Search here and, when asked to, at every active peer. */
export const searchRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; live: LiveSearches }> = async (app, options) => {
  const { deps, live } = options
  app.route({
    ...api.search,
    handler: async (request, reply) => {
      const { federated = false, cursor, ...query } = request.query
      const viewer = await viewerOf(deps, request)
      if (!federated) {
        const question = { ...questionOf(query), ...(cursor !== undefined && { cursor }) }
        const found = await withRoom(() => searchLocal(deps, viewer, question))
        return { ...found, complete: true, institutes: [] }
      }
      if (viewer.kind !== 'person') throw new NodeError('forbidden', 'peers are asked for people alone')
      if (cursor !== undefined)
        throw new NodeError('invalid', 'a federated search has one page; take the others locally')
      const signal = await live.enter(request, reply)
      return withRoom(() => searchFederation(deps, viewer, questionOf(query), signal))
    },
  })
}

/** What of a query every search takes; a local one leaves the rest aside. */
export function questionOf(query: QueryOf<typeof api.streamSearch>): FederatedQuestion {
  const { limit = defaultLimit, budgetMs = defaultBudgetMs, granularity = 'full', label = 'AMBER', ...asked } = query
  const { sort, facets = true, ...filters } = asked
  return { filters, limit, facets, ...(sort && { sort }), budgetMs, granularity, label }
}
