import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type RunningExchange, type SyncDeps, startExchange } from '@concordance/exchange'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import { buildApp } from './build-app.ts'
import type { NodeConfig } from './config.ts'

export interface RunningNode {
  /** Where it listens; absent for a worker. */
  readonly url: string
  readonly deps: SyncDeps
  /** Stops taking requests, ends background work after the transaction at hand, closes the database; at most 20 s. */
  stop(): Promise<void>
}

const stopWithinMs = 20_000

/**
 * Starts one process of the node: database, identity, start-up rule, then by its role the HTTP server, the background
 * work, or both. Returns when the server listens; a log that cannot be confirmed yet does not keep it from reading.
 *
 * @throws {NodeError | ExchangeError} why the node refuses to start.
 */
export async function startNode(
  config: NodeConfig,
  logger: Logger = pino({ level: config.logLevel }),
): Promise<RunningNode> {
  const exchange = await startExchange({
    ...config,
    worker: config.role !== 'web',
    now: () => new Date(),
    random: (bytes) => randomBytes(bytes),
    log: logger,
  })
  try {
    const app = config.role === 'worker' ? undefined : await listen(config, exchange.deps, logger)
    return { url: app ? urlOf(app) : '', deps: exchange.deps, stop: () => stopNode(app, exchange, logger) }
  } catch (error) {
    await exchange.stop()
    throw error
  }
}

async function listen(config: NodeConfig, deps: SyncDeps, logger: Logger): Promise<FastifyInstance> {
  const tokenSecret = await readTokenSecret(config.dataDir)
  const app = await buildApp({ deps, config, tokenSecret, logger })
  await app.listen({ host: config.host, port: config.port })
  return app
}

/** The secret that API tokens of this node are signed with; made at its first use, readable by its owner alone. */
export async function readTokenSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', 'token.secret')
  await writeFile(path, `${randomBytes(48).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return (await readFile(path, 'utf8')).trim()
}

function urlOf(app: FastifyInstance): string {
  const { address, port, family } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function stopNode(app: FastifyInstance | undefined, exchange: RunningExchange, logger: Logger): Promise<void> {
  const late = setTimeout(() => {
    logger.warn({}, 'stopping takes long: open connections are cut')
    app?.server.closeAllConnections()
  }, stopWithinMs / 2)
  await app?.close()
  await exchange.stop()
  clearTimeout(late)
}

/** Waits for SIGINT or SIGTERM. */
export function untilStopped(): Promise<unknown> {
  return Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
