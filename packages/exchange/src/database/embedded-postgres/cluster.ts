import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'
import { type Files, failure } from './files.ts'
import { type Launch, spawnAs } from './launch.ts'

const initTimeoutMs = 60_000

/** Makes the cluster beside its place and moves it there when complete, so that a half-made one is never used. */
export async function createCluster(files: Files, initdb: string, launch: Launch): Promise<void> {
  for (const name of await readdir(files.root)) {
    if (name.startsWith('initdb-')) await rm(join(files.root, name), { recursive: true, force: true })
  }
  await writeFile(files.password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  if (launch.user) chownSync(files.password, launch.user.uid, launch.user.gid)

  const folder = await mkdtemp(join(files.root, 'initdb-'))
  if (launch.user) chownSync(folder, launch.user.uid, launch.user.gid)
  const log = openSync(files.log, 'w', 0o600)
  const child = spawnAs(
    launch,
    initdb,
    [
      `--pgdata=${folder}`,
      '--username=postgres',
      `--pwfile=${files.password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
    ],
    { stdio: ['ignore', log, log], timeout: initTimeoutMs, killSignal: 'SIGKILL' },
  )
  closeSync(log)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw failure('init-failed', `cannot make a PostgreSQL cluster in ${files.root}`, files, 0)
  await rename(folder, files.cluster)
}

/** @throws {EmbeddedPostgresError} `password-missing` */
export async function readPassword(files: Files): Promise<string> {
  try {
    return (await readFile(files.password, 'utf8')).trim()
  } catch (cause) {
    throw new EmbeddedPostgresError('password-missing', `cannot start PostgreSQL on ${files.root}`, {
      why: `its password file ${files.password} cannot be read`,
      remedy: 'put the file back, or remove the whole folder to begin with an empty database',
      cause,
    })
  }
}
