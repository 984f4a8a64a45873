import { createGroup, getGroup, listGroups, replaceGroup, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { callOf, colleagueOf, publishingCallOf } from '../colleague.ts'
import { sendDraft } from './drafts.ts'

/** Circles of institutes. */
export const groupRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.createGroup,
    handler: async (request, reply) => sendDraft(reply, 201, await createGroup(deps, request.body, callOf(request))),
  })
  app.route({
    ...api.replaceGroup,
    handler: async (request, reply) =>
      reply.code(201).send(await replaceGroup(deps, request.params.finding, request.body, publishingCallOf(request))),
  })
  app.route({
    ...api.listGroups,
    handler: async (request) => {
      colleagueOf(request)
      return { items: await listGroups(deps) }
    },
  })
  app.route({
    ...api.getGroup,
    handler: (request) => {
      colleagueOf(request)
      return getGroup(deps, request.params.finding)
    },
  })
}
