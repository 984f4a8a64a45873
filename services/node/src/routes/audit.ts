import { listAudit, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { colleagueOf } from '../colleague.ts'

const defaultLimit = 50

/** Who did what here, for those who did not do it. */
export const auditRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.listAudit,
    handler: (request) => {
      colleagueOf(request)
      const { cursor, limit = defaultLimit, from, ...filters } = request.query
      const since = from === undefined ? {} : { from: new Date(from) }
      return listAudit(deps, { ...filters, ...since }, { limit, ...(cursor !== undefined && { cursor }) })
    },
  })
}
