import { existsSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, dataDirOf } from '../context.ts'
import { findNodeFile } from '../node-file.ts'
import { attempt, type Finding, fail, ok, warn } from './finding.ts'

const oldestNode = 24
const gibibyte = 1024 ** 3

/** Runtime, folder, keys, configuration and database of the node in the data folder, whether or not it runs. */
export async function checkFolder(context: Context): Promise<Finding[]> {
  const dataDir = dataDirOf(context)
  const runtime = checkRuntime()
  if (!existsSync(dataDir)) {
    return [runtime, fail('folder', `${dataDir} is not there`, 'make a node with `concordance init`, or pass --data')]
  }
  const found = [runtime, checkMode(dataDir), checkSpace(dataDir), ...checkKeys(dataDir)]
  if (!findNodeFile(dataDir)) return [...found, fail('config', 'node.json is missing', 'run `concordance init`')]
  return [...found, await checkConfig(context), await checkDatabase(context)]
}

function checkRuntime(): Finding {
  const { node } = process.versions
  const isNewEnough = Number(node.split('.', 1)[0]) >= oldestNode
  return isNewEnough
    ? ok('runtime', `Node ${node}`)
    : fail('runtime', `Node ${node}`, `use Node ${oldestNode} or newer: \`npm run concordance\` brings its own`)
}

function checkMode(path: string): Finding {
  const isOpen = (statSync(path).mode & 0o027) !== 0
  return isOpen
    ? warn('folder', `${path} can be read by other users`, `chmod 700 ${path}`)
    : ok('folder', `${path} is closed to other users`)
}

function checkSpace(path: string): Finding {
  const { bavail, bsize } = statfsSync(path)
  const free = (bavail * bsize) / gibibyte
  const detail = `${free.toFixed(1)} GiB are free`
  if (free < 0.2) return fail('space', detail, 'free some space: without it nothing can be published')
  return free < 2 ? warn('space', detail, 'free some space soon') : ok('space', detail)
}

function checkKeys(dataDir: string): Finding[] {
  const keys = join(dataDir, 'keys')
  const missing = ['record.jwk', 'log.jwk', 'request.jwk', 'keyset.jws'].filter((name) => !existsSync(join(keys, name)))
  if (missing.length > 0) {
    return [
      fail(
        'keys',
        `${missing.join(', ')} missing in ${keys}`,
        'put them back from a backup, or run `concordance init`',
      ),
    ]
  }
  const open = ['record.jwk', 'log.jwk', 'request.jwk'].filter(
    (name) => (statSync(join(keys, name)).mode & 0o027) !== 0,
  )
  const signing =
    open.length > 0
      ? fail('keys', `${open.join(', ')} can be read by other users`, `chmod 600 ${keys}/*.jwk`)
      : ok('keys', 'record, log and request key are closed to other users')
  const root = join(keys, 'root.jwk')
  const offline = existsSync(root)
    ? warn(
        'root key',
        `${root} is on this machine`,
        'move it to a medium that is kept offline; the node never needs it',
      )
    : ok('root key', 'is not on this machine')
  return [signing, offline]
}

async function checkConfig(context: Context): Promise<Finding> {
  const { loadConfig } = await import('@concordance/node')
  const dataDir = dataDirOf(context)
  return attempt('config', `correct ${join(dataDir, 'node.json')} or the environment`, () => {
    const { entityId, peers, host } = loadConfig(dataDir, context.env, {
      databaseUrl: 'postgres://checked.apart.invalid',
    })
    const detail = `${entityId}, ${peers.length} ${peers.length === 1 ? 'peer' : 'peers'}`
    return ['127.0.0.1', '::1', 'localhost'].includes(host)
      ? ok('config', detail)
      : warn(
          'config',
          `${detail}, listens on ${host}`,
          'make sure that a proxy with TLS stands between it and the network',
        )
  })
}

async function checkDatabase(context: Context): Promise<Finding> {
  const [{ openOperator, loadConfig }, { embeddedDirOf, isEmbedded }] = await Promise.all([
    import('@concordance/node'),
    import('../node-database.ts'),
  ])
  let databaseUrl: string | undefined
  if (isEmbedded(context)) {
    const { findEmbeddedPostgres } = await import('@concordance/exchange/embedded-postgres')
    databaseUrl = await findEmbeddedPostgres(embeddedDirOf(context))
    if (databaseUrl === undefined)
      return warn('database', 'embedded, not running', 'start the node with `concordance serve`')
  }
  return attempt('database', 'start PostgreSQL 15 or newer, then `concordance migrate`', async () => {
    const config = loadConfig(dataDirOf(context), context.env, databaseUrl === undefined ? {} : { databaseUrl })
    const operator = await openOperator(config)
    try {
      await operator.requireMigrated()
      return ok('database', 'answers, is durable and up to date')
    } finally {
      await operator.close()
    }
  })
}
