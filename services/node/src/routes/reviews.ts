import {
  addClearance,
  addComment,
  approveDraft,
  decideClearance,
  getChanges,
  getDraft,
  getReview,
  listClearances,
  listComments,
  overrideClearance,
  recallDraft,
  resolveComment,
  type SyncDeps,
  sendBackDraft,
  submitDraft,
} from '@concordance/exchange'
import { api } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { callOf, colleagueOf, draftOf } from '../colleague.ts'
import { sendDraft } from './drafts.ts'

/** A draft's way past a second person. */
export const reviewRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.submitDraft,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return sendDraft(reply, 200, await submitDraft(deps, draft, request.body.note, callOf(request)))
    },
  })
  app.route({
    ...api.recallDraft,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return sendDraft(reply, 200, await recallDraft(deps, draft, callOf(request)))
    },
  })
  app.route({
    ...api.sendBackDraft,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return sendDraft(reply, 200, await sendBackDraft(deps, draft, request.body.reason, callOf(request)))
    },
  })
  app.route({
    ...api.approveDraft,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return sendDraft(reply, 200, await approveDraft(deps, draft, request.body, callOf(request)))
    },
  })
  app.route({
    ...api.getReview,
    handler: (request) => getReview(deps, request.params.id, colleagueOf(request)),
  })
  app.route({
    ...api.getChanges,
    handler: (request) => getChanges(deps, request.params.id, colleagueOf(request)),
  })
}

/** What people say about a draft, and developers who are shown it. */
export const remarkRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.route({
    ...api.addComment,
    handler: async (request, reply) => {
      const draft = draftOf(request.params.id, request.headers['if-match'])
      return reply.code(201).send(await addComment(deps, draft, request.body, callOf(request)))
    },
  })
  app.route({
    ...api.listComments,
    handler: async (request) => ({ items: await listComments(deps, request.params.id, colleagueOf(request)) }),
  })
  app.route({
    ...api.resolveComment,
    handler: (request) => {
      const { id: draft, comment } = request.params
      return resolveComment(deps, { draft, comment }, request.body.resolved, colleagueOf(request))
    },
  })
  app.route({
    ...api.addClearance,
    handler: async (request, reply) =>
      reply.code(201).send(await addClearance(deps, request.params.id, request.body, callOf(request))),
  })
  app.route({
    ...api.listClearances,
    handler: async (request) => {
      const { id } = await getDraft(deps, request.params.id, colleagueOf(request))
      return { items: await listClearances(deps, id) }
    },
  })
  app.route({
    ...api.decideClearance,
    handler: (request) => {
      const { id: draft, clearance } = request.params
      return decideClearance(deps, { draft, clearance }, request.body, colleagueOf(request))
    },
  })
  app.route({
    ...api.overrideClearance,
    handler: (request) => {
      const { id: draft, clearance } = request.params
      return overrideClearance(deps, { draft, clearance }, request.body.reason, colleagueOf(request))
    },
  })
}
