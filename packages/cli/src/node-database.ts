import { join } from 'node:path'
import { loadConfig, type NodeConfig } from '@concordance/node'
import { type Context, dataDirOf } from './context.ts'
import { Failure } from './failure.ts'
import { findNodeFile } from './node-file.ts'

/** A database for the node of the data folder, and how to let go of it. */
interface NodeDatabase {
  /** Absent where the configuration names a server. */
  readonly url?: string
  release(): Promise<void>
}

/**
 * Runs `use` with the configuration of the node of the data folder and a database that answers: the one the
 * configuration names, the embedded one of a running node, or an embedded one started for as long as this takes.
 */
export async function withNodeConfig<T>(context: Context, use: (config: NodeConfig) => Promise<T>): Promise<T> {
  const database = await openNodeDatabase(context)
  try {
    return await use(
      loadConfig(dataDirOf(context), context.env, database.url === undefined ? {} : { databaseUrl: database.url }),
    )
  } finally {
    await database.release()
  }
}

/** Whether the configuration names no server, so that the node runs its own. */
export function isEmbedded(context: Context): boolean {
  const named = context.env.DATABASE_URL || context.env.DATABASE_URL_FILE
  return !named && requireNodeFile(context).databaseUrl === undefined
}

/** Where the embedded server keeps everything. */
export function embeddedDirOf(context: Context): string {
  return join(dataDirOf(context), 'postgres')
}

async function openNodeDatabase(context: Context): Promise<NodeDatabase> {
  if (!isEmbedded(context)) return { release: async () => {} }
  const { joinEmbeddedPostgres } = await import('@concordance/exchange/embedded-postgres')
  const server = await joinEmbeddedPostgres({ dataDir: embeddedDirOf(context), brief: true })
  return { url: server.url, release: () => server.stop() }
}

function requireNodeFile(context: Context) {
  const dataDir = dataDirOf(context)
  const file = findNodeFile(dataDir)
  if (file) return file
  const remedy = 'make one with `concordance init`, or name another folder with --data'
  throw new Failure({ what: 'could not find the node', why: `there is none in ${dataDir}`, remedy, code: 'NO_NODE' })
}
