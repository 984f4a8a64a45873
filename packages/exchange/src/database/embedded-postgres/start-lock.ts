import { readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedPostgresError } from './error.ts'
import type { Files } from './files.ts'
import { identify } from './identify.ts'

/** Longer than making a cluster and starting it may take. */
const waitMs = 180_000
const pollMs = 50

/**
 * Takes the right to make, start or look for the server of a folder, which one process has at a time. Waits for a
 * living holder, and takes over from a dead one.
 *
 * @returns what gives the right back.
 * @throws {EmbeddedPostgresError} `in-use` when a living process keeps it for more than three minutes.
 */
export async function takeStartLock(files: Files): Promise<() => void> {
  const self = await identify(process.pid)
  const deadline = Date.now() + waitMs
  while (!makeLink(self ?? String(process.pid), files.startLock)) {
    const holder = readHolder(files.startLock)
    if (holder !== undefined && !(await isAlive(holder))) removeStale(files.startLock, holder)
    else if (Date.now() > deadline) throw heldTooLong(files, holder)
    else await sleep(pollMs)
  }
  return () => rmSync(files.startLock, { force: true })
}

/** A symbolic link is made at once with its content, or not at all: nobody ever reads half a lock. */
function makeLink(content: string, path: string): boolean {
  try {
    symlinkSync(content, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readHolder(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // given back meanwhile
    throw error
  }
}

async function isAlive(holder: string): Promise<boolean> {
  return (await identify(Number.parseInt(holder, 10))) === holder
}

/**
 * Of several processes that see the same dead holder one removes its lock, under a second lock: by the time another gets
 * there, the first lock may be that of the next holder, and stays.
 */
function removeStale(path: string, dead: string): void {
  const removing = `${path}.stale`
  if (!makeLink(dead, removing)) return
  if (readHolder(path) === dead) rmSync(path, { force: true })
  rmSync(removing, { force: true })
}

function heldTooLong(files: Files, holder = 'of another process'): EmbeddedPostgresError {
  return new EmbeddedPostgresError('in-use', `cannot start PostgreSQL on ${files.root}`, {
    why: `process ${Number.parseInt(holder, 10)} has been at work on it for more than ${waitMs / 60_000} minutes`,
    remedy: `wait for that process or stop it; if there is none, remove ${files.startLock}`,
  })
}
