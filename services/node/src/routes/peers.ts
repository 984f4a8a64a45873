import { listMisconduct, listPeerSync, listPeers, listQuarantine, type SyncDeps, syncNow } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NodeError } from '../error.ts'

/** Other institutes' nodes, as this node sees them. */
export const peerRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({ ...api.listPeers, handler: async () => ({ items: await listPeers(deps) }) })
  app.route({ ...api.listPeerSync, handler: async () => ({ items: await listPeerSync(deps) }) })
  app.route({
    ...api.syncNow,
    handler: async ({ body: { peer }, signal }) => {
      if (peer !== undefined && !deps.peers.find(peer)) throw new NodeError('not-found', 'there is no such peer')
      await syncNow(deps, peer, signal)
      return { items: await listPeerSync(deps) }
    },
  })
  app.route({ ...api.listMisconduct, handler: async () => ({ items: await listMisconduct(deps) }) })
  app.route({ ...api.listQuarantine, handler: async () => ({ items: await listQuarantine(deps) }) })
}
