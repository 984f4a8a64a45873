import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedPostgresError } from './error.ts'
import type { Files } from './files.ts'

const ownerTimeoutMs = 2_000
const stopTimeoutMs = 30_000
const pollMs = 20

/**
 * Stops a postmaster that a dead process left on this folder; its watcher may be at it already.
 *
 * @throws {EmbeddedPostgresError} `in-use` when the process that started it lives, or `stop-timed-out`.
 */
export async function stopLeftover(files: Files): Promise<void> {
  const pid = await findPostmaster(files)
  if (pid === undefined) return
  await refuseLivingOwner(files, pid)
  interrupt(pid)
  if (await hasGone(files, pid, stopTimeoutMs)) return
  throw new EmbeddedPostgresError('stop-timed-out', `cannot start PostgreSQL on ${files.root}`, {
    why: `an earlier server, process ${pid}, did not stop within ${stopTimeoutMs / 1000} s`,
    remedy: `look at ${files.log}, and end that process`,
  })
}

/** A server that was just killed or told to stop by its own process is given a moment to go. */
async function refuseLivingOwner(files: Files, postmaster: number): Promise<void> {
  const owner = await findOwner(postmaster)
  if (owner === undefined || !isAlive(owner) || (await hasGone(files, postmaster, ownerTimeoutMs))) return
  throw new EmbeddedPostgresError('in-use', `cannot start PostgreSQL on ${files.root}`, {
    why: `process ${owner} already runs a server there`,
    remedy: 'stop that process, or choose another data folder',
  })
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ESRCH: it has just gone by itself
  }
}

async function hasGone(files: Files, postmaster: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while ((await findPostmaster(files)) === postmaster) {
    if (Date.now() > deadline) return false
    await sleep(pollMs)
  }
  return true
}

/** Whether the process that started the server of this folder lives, and so does the server. */
export async function isServed(files: Files): Promise<boolean> {
  const postmaster = await findPostmaster(files)
  const owner = postmaster === undefined ? undefined : await findOwner(postmaster)
  return owner !== undefined && isAlive(owner)
}

/** The live postmaster of this folder's cluster. A recycled process id is not mistaken for one. */
async function findPostmaster(files: Files): Promise<number | undefined> {
  const lock = await readFile(join(files.cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(lock, 10)
  if (!(pid > 0)) return undefined
  const command = await commandOf(pid)
  return command.includes(files.cluster) ? pid : undefined
}

async function findOwner(postmaster: number): Promise<number | undefined> {
  const owner = /concordance\.owner=(\d+)/.exec(await commandOf(postmaster))?.[1]
  return owner === undefined ? undefined : Number(owner)
}

/** The command line of a process; empty when there is no such process, or only its unreaped remains. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const ps = spawn('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
  return (await ps.stdout.toArray()).join('')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
