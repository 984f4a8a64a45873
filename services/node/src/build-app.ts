import { randomUUID } from 'node:crypto'
import type { SyncDeps } from '@concordance/exchange'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import { accessPolicy } from './access.ts'
import { hasRequestToken } from './authenticate-peer.ts'
import { apiTokens, createPersonCheck, hasApiToken } from './authenticate-person.ts'
import type { NodeConfig } from './config.ts'
import { metricsRoute } from './metrics.ts'
import { bodyLimitBytes, jsonBodies } from './parse-json-body.ts'
import { HttpProblem, problemAnswers } from './problems.ts'
import { draftRoutes } from './routes/drafts.ts'
import { logRoutes } from './routes/log.ts'
import { nodeRoutes } from './routes/node.ts'
import { peerRoutes } from './routes/peers.ts'
import { recordRoutes } from './routes/records.ts'
import { searchRoutes } from './routes/search.ts'

export interface AppOptions {
  readonly deps: SyncDeps
  readonly config: NodeConfig
  /** Signs and verifies API tokens. */
  readonly tokenSecret: string
  readonly logger: FastifyBaseLogger
}

const requestTimeoutMs = 30_000

/** Builds the HTTP app without listening, so that tests can `inject` into exactly what runs. */
export async function buildApp({ deps, config, tokenSecret, logger }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500, ignoreDuplicateSlashes: false, caseSensitive: true },
    return503OnClosing: true,
    http: { maxHeaderSize: 16_384 },
  })
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  await app.register(problemAnswers)
  await app.register(helmet, { contentSecurityPolicy: { directives: contentPolicy }, crossOriginResourcePolicy: false })
  await app.register(rateLimit, { global: true, hook: 'onRequest', ...rateOptions(config) })
  await app.register(jsonBodies)
  await app.register(apiTokens, { deps, secret: tokenSecret })
  await app.register(accessPolicy, { deps, checkPerson: createPersonCheck(deps) })
  await app.register(metricsRoute, { deps })
  app.addHook('onResponse', async (request, reply) => logAnswer(request, reply.statusCode, reply.elapsedTime))
  await app.register(nodeRoutes, { deps, config })
  await app.register(logRoutes, { deps })
  await app.register(recordRoutes, { deps })
  await app.register(draftRoutes, { deps })
  await app.register(searchRoutes, { deps })
  await app.register(peerRoutes, { deps })
  return app
}

/** The API page has one inline style and nothing else. */
const contentPolicy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'unsafe-inline'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
}

/** By address: who calls is not established yet. What a request claims to be only decides how much it may ask. */
function rateOptions({ rates }: NodeConfig) {
  return {
    timeWindow: '1 minute',
    max: (request: FastifyRequest) =>
      hasRequestToken(request) ? rates.peer : hasApiToken(request) ? rates.person : rates.public,
    keyGenerator: (request: FastifyRequest) =>
      `${hasRequestToken(request) ? 'peer' : hasApiToken(request) ? 'person' : 'public'} ${request.ip}`,
    errorResponseBuilder: () => new HttpProblem('rate', 'too many requests in this minute'),
  }
}

/** Ids, codes and verified identity; never a query, a token or a body. */
function logAnswer(request: FastifyRequest, status: number, tookMs: number): void {
  const { caller } = request
  const who =
    caller?.kind === 'peer' ? { peer: caller.iss } : caller?.kind === 'person' ? { subject: caller.subject } : {}
  const route = request.routeOptions.url ?? 'none'
  request.log.info({ method: request.method, route, status, tookMs: Math.round(tookMs), ...who }, 'answered')
}
