import { describeNode, getReadiness, type SyncDeps } from '@concordance/exchange'
import { api, type ParamsOf, type ProblemCode, problems } from '@concordance/protocol'
import type { FastifyInstance } from 'fastify'
import { addRoute } from '../access.ts'
import type { NodeConfig } from '../config.ts'
import { createOpenApi, renderReference } from '../openapi.ts'
import { HttpProblem } from '../problems.ts'

export const nodeRoutes = async (app: FastifyInstance, { deps, config }: { deps: SyncDeps; config: NodeConfig }) => {
  addRoute(app, api.getNodeDocument, async (_request, reply) =>
    reply
      .type('application/jwt')
      .header('cache-control', 'no-cache')
      .send(await describeNode(deps, config)),
  )
  addRoute(app, api.getLiveness, async () => ({ status: 'ok' }))
  addRoute(app, api.getReadiness, async () => ({ status: 'ready', log: await getReadiness(deps) }))
  addRoute(app, api.getOpenApi, async () => createOpenApi(config))
  addRoute(app, api.getReference, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(renderReference(createOpenApi(config))),
  )
  addRoute(app, api.getProblem, async (request) => {
    const { code } = request.params as ParamsOf<typeof api.getProblem>
    if (!Object.hasOwn(problems, code)) throw new HttpProblem('not-found', 'there is no such code')
    return { type: `urn:concordance:problem:${code}`, code, ...problems[code as ProblemCode] }
  })
}
