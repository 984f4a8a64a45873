import { describeNode, type SyncDeps } from '@concordance/exchange'
import { api, type ProblemCode, problems } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { NodeConfig } from '../config.ts'
import { NodeError } from '../error.ts'
import { createOpenApi, type OpenApi } from '../open-api.ts'
import { contentPolicy, renderReference } from '../reference-page.ts'

/** What this node is, and how to speak to it. */
export const nodeRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; config: NodeConfig }> = async (app, options) => {
  const { deps, config } = options
  let document: OpenApi | undefined
  const describe = () => {
    document ??= createOpenApi(config)
    return document
  }
  app.route({
    ...api.getNodeDocument,
    handler: async (_request, reply) => {
      const signed = await describeNode(deps, config)
      return reply.type('application/jwt').header('cache-control', 'no-cache').send(signed)
    },
  })
  app.route({
    ...api.getOpenApi,
    handler: async (_request, reply) => reply.header('cache-control', forAMinute).send(describe()),
  })
  app.route({
    ...api.getReference,
    handler: async (_request, reply) => {
      reply.header('cache-control', forAMinute).header('content-security-policy', contentPolicy)
      return reply.type('text/html; charset=utf-8').send(renderReference(describe()))
    },
  })
  app.route({
    ...api.getProblem,
    handler: async ({ params: { code } }) => {
      if (!Object.hasOwn(problems, code)) throw new NodeError('not-found', 'there is no such code')
      return { type: `urn:concordance:problem:${code}`, code, ...problems[code as ProblemCode] }
    },
  })
}

const forAMinute = 'public, max-age=60'
