import { listActivePeers, type SyncDeps, searchFederation, searchLocal } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { viewerOf } from '../caller.ts'
import { NodeError } from '../error.ts'
import type { Rates } from '../rates.ts'

const defaultLimit = 50
const defaultBudgetMs = 4_000

/** Search here and, when asked to, at every active peer. */
export const searchRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; rates: Rates }> = async (app, options) => {
  const { deps, rates } = options
  app.route({
    ...api.search,
    handler: async (request, reply) => {
      const { limit = defaultLimit, federated = false, budgetMs = defaultBudgetMs, ...asked } = request.query
      const { cursor, sort, facets = true, ...filters } = asked
      const viewer = await viewerOf(deps, request)
      if (federated && viewer.kind !== 'person') throw new NodeError('forbidden', 'peers are asked for people alone')
      const page = { limit, facets, ...(cursor !== undefined && { cursor }), ...(sort && { sort }) }
      const local = await searchLocal(deps, viewer, { filters, ...page })
      if (!federated) return { ...local, complete: true, institutes: [] }
      await rates.federated(request, reply)
      const question = { filters, viewer, limit, budgetMs }
      const result = await searchFederation(deps, await listActivePeers(deps), local.hits, question)
      const { complete, hits, institutes } = result
      return { ...local, complete, hits: hits.slice(0, limit), institutes: [...institutes] }
    },
  })
}
