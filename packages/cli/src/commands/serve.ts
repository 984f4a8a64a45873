import { once } from 'node:events'
import {
  createLogger,
  limitHeap,
  loadConfig,
  type NodeConfig,
  type Role,
  type RunningNode,
  startNode,
} from '@concordance/node'
import { type Context, dataDirOf } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { embeddedDirOf, isEmbedded } from '../node-database.ts'
import { parseListen } from './init.ts'

export interface ServeOptions {
  readonly role: string
  readonly listen?: string
}

const roles = ['all', 'web', 'worker'] as const

/** Runs until it is told to stop, then ends in order: requests, background work, database. */
export async function serve(context: Context, options: ServeOptions): Promise<void> {
  const { signal, terminal } = context
  const role = roles.find((known) => known === options.role)
  if (!role) throw usageFailure(`${options.role} is no role`, `use one of ${roles.join(', ')}`)
  limitHeap()
  const overrides = { role, ...(options.listen === undefined ? {} : parseListen(options.listen)) }
  const database = await startDatabase(context, role)
  try {
    const config = loadConfig(dataDirOf(context), context.env, { ...overrides, ...database?.settings })
    const node = await startNode(config, createLogger(config.logLevel, 2))
    announce(context, config, node)
    if (!signal.aborted) await once(signal, 'abort')
    terminal.talk('stopping: open requests and the work at hand are finished first')
    await node.stop()
  } finally {
    await database?.stop()
  }
}

interface Database {
  readonly settings: Partial<NodeConfig>
  stop(): Promise<void>
}

/** Undefined where the configuration names a server. A process of one role joins the server of the other. */
async function startDatabase(context: Context, role: Role): Promise<Database | undefined> {
  if (!isEmbedded(context)) return undefined
  const { joinEmbeddedPostgres, startEmbeddedPostgres } = await import('@concordance/exchange/embedded-postgres')
  const dataDir = embeddedDirOf(context)
  context.terminal.talk('starting the embedded database')
  const server = await (role === 'all' ? startEmbeddedPostgres({ dataDir }) : joinEmbeddedPostgres({ dataDir }))
  return { settings: { databaseUrl: server.url }, stop: () => server.stop() }
}

function announce({ terminal }: Context, { entityId, role }: NodeConfig, { url }: RunningNode): void {
  terminal.give({ entityId, role, url }, () => [url || 'working in the background'])
  if (terminal.json) return
  terminal.talk(`${entityId} is up${url ? `; its API is described at ${url}/v1/docs` : ''}; Ctrl-C stops it`)
}
