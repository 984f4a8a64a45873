import { answerSearch, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { peerOf } from '../caller.ts'

/** Searches that a peer puts to us. */
export const answerRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({ ...api.answerSearch, handler: (request) => answerSearch(deps, peerOf(request), request.body) })
}
