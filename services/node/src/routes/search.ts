import { answerSearch, listActivePeers, type SyncDeps, searchFederation, searchRecords } from '@concordance/exchange'
import { api, type BodyOf, type QueryOf } from '@concordance/protocol'
import type { FastifyInstance } from 'fastify'
import { addRoute, peerOf, viewerOf } from '../access.ts'

const defaultLimit = 50
const defaultBudgetMs = 4_000

export const searchRoutes = async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  addRoute(app, api.search, async (request) => {
    const query = request.query as QueryOf<typeof api.search>
    const { q, type, iss, limit = defaultLimit, federated = false, budgetMs = defaultBudgetMs } = query
    const filters = { q, ...(type !== undefined && { type }), ...(iss !== undefined && { iss }) }
    const local = await searchRecords(deps, viewerOf(request), filters, limit)
    if (!federated) return { hits: local, complete: true, institutes: [] }
    const peers = await listActivePeers(deps)
    const result = await searchFederation(deps, peers, local, {
      q,
      limit,
      budgetMs,
      ...(type !== undefined && { type }),
    })
    return { ...result, hits: result.hits.slice(0, limit) }
  })
  addRoute(app, api.answerSearch, async (request) =>
    answerSearch(deps, peerOf(request), request.body as BodyOf<typeof api.answerSearch>),
  )
}
