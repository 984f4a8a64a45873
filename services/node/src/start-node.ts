import type { AddressInfo } from 'node:net'
import { type RunningExchange, type SyncDeps, startExchange } from '@concordance/exchange'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { noteAddress } from './address-file.ts'
import { buildApp } from './build-app.ts'
import type { NodeConfig } from './config.ts'
import { createLogger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import { createRandom } from './random.ts'
import { readTokenSecret } from './token-secret.ts'

export interface RunningNode {
  /** Where it listens; empty for a worker. */
  readonly url: string
  /** Where metrics and probes are; empty where the configuration names no place. */
  readonly operationsUrl: string
  readonly deps: SyncDeps
  /** Stops taking requests, ends background work after the transaction at hand, closes the database; at most 20 s. Again is harmless. */
  stop(): Promise<void>
}

const cutConnectionsAfterMs = 10_000

/**
 * Starts one process of the node: database, identity, start-up rule, then by its role the HTTP server, the background
 * work, or both. Returns when the server listens; a log that cannot be confirmed yet does not keep it from reading.
 *
 * @throws {NodeError | ExchangeError} why the node refuses to start.
 */
export async function startNode(
  config: NodeConfig,
  logger: Logger = createLogger(config.logLevel),
  now: () => Date = () => new Date(),
): Promise<RunningNode> {
  const exchange = await startExchange({
    ...config,
    worker: config.role !== 'web',
    now,
    random: createRandom(),
    log: logger,
  })
  const { deps } = exchange
  const apps: FastifyInstance[] = []
  let stopped: Promise<void> | undefined
  let forgetAddress = () => {}
  const stop = () => {
    forgetAddress()
    stopped ??= stopNode(apps, exchange, logger)
    return stopped
  }
  try {
    const operations = await openOperations(config, deps, logger)
    if (operations) apps.push(operations.app)
    const operationsUrl = operations && config.operations ? await listen(operations.app, config.operations) : ''
    if (config.role === 'worker') return { url: '', operationsUrl, deps, stop }
    const app = await openApi(config, deps, logger, operations?.metrics)
    apps.push(app)
    const url = await listen(app, config)
    forgetAddress = noteAddress(config.dataDir, url, logger)
    return { url, operationsUrl, deps, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Loaded only where it is wanted: what a node does not do costs it no memory. */
async function openOperations(config: NodeConfig, deps: SyncDeps, logger: Logger) {
  if (!config.operations) return undefined
  const { createMetrics } = await import('./metrics.ts')
  const { buildOperationsApp } = await import('./build-operations-app.ts')
  const metrics = createMetrics(deps)
  return { metrics, app: await buildOperationsApp(deps, metrics, logger) }
}

async function openApi(
  config: NodeConfig,
  deps: SyncDeps,
  logger: Logger,
  metrics?: Metrics,
): Promise<FastifyInstance> {
  const tokenSecret = await readTokenSecret(config.dataDir)
  return buildApp({ deps, config, tokenSecret, logger, ...(metrics && { metrics }) })
}

async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  await app.listen({ host, port })
  const bound = app.server.address() as AddressInfo
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`
}

async function stopNode(apps: readonly FastifyInstance[], exchange: RunningExchange, logger: Logger): Promise<void> {
  const late = setTimeout(() => {
    logger.warn({}, 'stopping takes long: open connections are cut')
    for (const app of apps) app.server.closeAllConnections()
  }, cutConnectionsAfterMs)
  await Promise.all(apps.map((app) => app.close()))
  await exchange.stop()
  clearTimeout(late)
}

/** Waits for SIGINT or SIGTERM. One Ctrl-C can arrive twice, by the terminal and by a parent, so later ones are ignored. */
export function untilStopped(): Promise<unknown> {
  return new Promise((settle) => {
    process.on('SIGINT', settle)
    process.on('SIGTERM', settle)
  })
}
