import { randomUUID } from 'node:crypto'
import type { SyncDeps } from '@concordance/exchange'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import { apiTokens } from './api-tokens.ts'
import { createPersonCheck } from './authenticate-person.ts'
import { browserHeaders } from './browser-headers.ts'
import type { NodeConfig } from './config.ts'
import { checkContract } from './contract.ts'
import { NodeError } from './error.ts'
import { accessPolicies, type GuardOptions, guardPeers, guardPersons, guardPublic, guardViewers } from './guards.ts'
import { bodyLimitBytes, jsonBodies } from './json-body.ts'
import { createLiveSearches } from './live-searches.ts'
import type { Metrics } from './metrics.ts'
import { formatRawProblem, problemAnswers, sendProblem } from './problems.ts'
import { createRates } from './rates.ts'
import { accessRoutes } from './routes/access.ts'
import { answerRoutes } from './routes/answers.ts'
import { auditRoutes } from './routes/audit.ts'
import { draftRoutes } from './routes/drafts.ts'
import { entryRoutes } from './routes/entries.ts'
import { findingRoutes } from './routes/findings.ts'
import { groupRoutes } from './routes/groups.ts'
import { logRoutes } from './routes/log.ts'
import { nodeRoutes } from './routes/node.ts'
import { observationRoutes } from './routes/observations.ts'
import { operationRoutes } from './routes/operation.ts'
import { peerRoutes } from './routes/peers.ts'
import { peopleRoutes } from './routes/people.ts'
import { probeRoutes } from './routes/probes.ts'
import { recordRoutes } from './routes/records.ts'
import { remarkRoutes, reviewRoutes } from './routes/reviews.ts'
import { savedSearchRoutes } from './routes/saved-searches.ts'
import { searchRoutes } from './routes/search.ts'
import { searchExportRoutes } from './routes/search-exports.ts'
import { searchStreamRoutes } from './routes/search-stream.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { runningHandlers } from './running-handlers.ts'
import { openSignIn } from './sign-in/open-sign-in.ts'
import { providerTokens } from './sign-in/provider-tokens.ts'

export interface AppOptions {
  readonly deps: SyncDeps
  readonly config: NodeConfig
  /** Signs and verifies API tokens. */
  readonly tokenSecret: string
  readonly logger: FastifyBaseLogger
  readonly metrics?: Metrics
}

/** Builds the HTTP app without listening, so that tests can `inject` into exactly what runs. */
export async function buildApp({ deps, config, tokenSecret, logger, metrics }: AppOptions): Promise<FastifyInstance> {
  const app = createApp(logger, config)
  await app.register(problemAnswers)
  await app.register(browserHeaders, { contentSecurityPolicy: { useDefaults: false, directives: nothing } })
  await app.register(underPressure, { maxEventLoopDelay: config.busyAfterMs, pressureHandler: refuseUnderPressure })
  await app.register(rateLimit, { global: false })
  await app.register(jsonBodies)
  const signIn = await openSignIn(deps, config, tokenSecret)
  await app.register(apiTokens, { deps, secret: tokenSecret })
  if (signIn) await app.register(providerTokens, signIn)
  app.addHook('onClose', async () => signIn?.provider.close())
  await app.register(accessPolicies)
  await app.register(runningHandlers)

  const rates = createRates(app, config.rates)
  const guard: GuardOptions = { deps, rates, checkPerson: createPersonCheck(app, deps, signIn) }
  const live = createLiveSearches(rates)
  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort())
  // The connection of whoever is still answered then would stay open behind the answer, and keep the server from closing.
  app.addHook('onSend', async (_request, reply) => {
    if (stopping.signal.aborted) reply.header('connection', 'close')
  })
  app.addHook('onRequest', rates.address)
  app.addHook('onResponse', async (request, reply) => logAnswer(request, reply.statusCode, reply.elapsedTime))
  metrics?.watch(app)

  await app.register(async (open) => {
    guardPublic(open, guard)
    await open.register(probeRoutes, { deps })
    await open.register(nodeRoutes, { deps, config })
    await open.register(logRoutes, { deps })
    await open.register(signInRoutes, { deps, signIn })
  })
  await app.register(async (peers) => {
    guardPeers(peers, guard)
    await peers.register(entryRoutes, { deps, stopping: stopping.signal })
    await peers.register(observationRoutes, { deps })
    await peers.register(answerRoutes, { deps })
  })
  await app.register(async (viewers) => {
    guardViewers(viewers, guard)
    await viewers.register(recordRoutes, { deps })
    await viewers.register(searchRoutes, { deps, live })
    await viewers.register(searchExportRoutes, { deps, rates })
  })
  await app.register(async (persons) => {
    guardPersons(persons, guard)
    await persons.register(searchStreamRoutes, { deps, live })
    await persons.register(draftRoutes, { deps })
    await persons.register(reviewRoutes, { deps })
    await persons.register(remarkRoutes, { deps })
    await persons.register(groupRoutes, { deps })
    await persons.register(auditRoutes, { deps })
    await persons.register(findingRoutes, { deps })
    await persons.register(peerRoutes, { deps })
    await persons.register(accessRoutes, { deps })
    await persons.register(operationRoutes, { deps })
    await persons.register(peopleRoutes, { deps })
    await persons.register(savedSearchRoutes, { deps })
  })
  return app
}

/** Longest time to send a request, its head alone, and between two bytes of anything. Long polls last 25 s. */
const requestTimeoutMs = 30_000
const headersTimeoutMs = 10_000
/** How often the server looks for connections beyond these times. */
const lookEveryMs = 5_000
const idleTimeoutMs = 120_000
const keepAliveTimeoutMs = 72_000
/** Request line and headers together; a request token has at most 4 KiB. */
const headBytes = 16_384

/** The server and its limits, without any route. */
export function createApp(logger: FastifyBaseLogger, config: Pick<NodeConfig, 'trustedProxies'>): FastifyInstance {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: longestParameter },
    http: { maxHeaderSize: headBytes, headersTimeout: headersTimeoutMs, connectionsCheckingInterval: lookEveryMs },
    frameworkErrors: (_error, request, reply) => sendProblem(request, reply as never, { code: 'invalid' }),
    schemaController: { compilersFactory: contractCompilers },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
      socket.end(formatRawProblem('invalid'))
    },
  })
  return app
}

/** Given when the app is made, and not set on it afterwards, so that Fastify never loads its own two. */
const contractCompilers = {
  buildValidator: () => checkContract as never,
  buildSerializer: () => () => (answer: unknown) => JSON.stringify(answer),
}

/** An entity id or an origin, each byte percent-encoded. */
const longestParameter = 3 * 220

/** For every answer that is not the reference page: data, which no browser may do anything with. */
const nothing = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] }

/** Probes are answered under any pressure: a busy node must not be restarted for it. */
async function refuseUnderPressure(request: FastifyRequest): Promise<void> {
  if (request.routeOptions.url === '/livez' || request.routeOptions.url === '/readyz') return
  throw new NodeError('unavailable', 'the node has too much to do')
}

/** Ids, codes and verified identity; never a query, a token or a body. */
function logAnswer({ caller, log, method, routeOptions }: FastifyRequest, status: number, elapsedMs: number): void {
  const peer = caller?.kind === 'peer' ? { peer: caller.iss } : {}
  const subject = caller?.kind === 'person' ? { subject: caller.subject } : {}
  log.info(
    { method, route: routeOptions.url ?? 'none', status, tookMs: Math.round(elapsedMs), ...peer, ...subject },
    'answered',
  )
}
