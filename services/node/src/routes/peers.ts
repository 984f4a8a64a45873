import { listMisconduct, listPeerSync, listPeers, listQuarantine, type SyncDeps, syncNow } from '@concordance/exchange'
import { api, type BodyOf } from '@concordance/protocol'
import type { FastifyInstance } from 'fastify'
import { addRoute } from '../access.ts'
import { HttpProblem } from '../problems.ts'

export const peerRoutes = async (app: FastifyInstance, { deps }: { deps: SyncDeps }) => {
  addRoute(app, api.listPeers, async () => ({ items: await listPeers(deps) }))
  addRoute(app, api.listPeerSync, async () => ({ items: await listPeerSync(deps) }))
  addRoute(app, api.syncNow, async (request) => {
    const { peer } = request.body as BodyOf<typeof api.syncNow>
    if (peer !== undefined && !deps.peers.find(peer)) throw new HttpProblem('not-found', 'there is no such peer')
    await syncNow(deps, peer)
    return { items: await listPeerSync(deps) }
  })
  addRoute(app, api.listMisconduct, async () => ({ items: await listMisconduct(deps) }))
  addRoute(app, api.listQuarantine, async () => ({ items: await listQuarantine(deps) }))
}
