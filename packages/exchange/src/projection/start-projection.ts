import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { fillIndexOf } from '../search/fill-index.ts'
import { reportVersionConflicts } from '../sync/report-versions.ts'
import { projectBatch } from './project-log.ts'

/**
 * Catches up with every log kept here, our own first: what is read and listed, then what is found. Safe to run in several
 * processes: each batch locks its log.
 */
export async function projectAll(deps: Deps, signal?: AbortSignal): Promise<void> {
  await projectLogs(deps, true, signal)
  await projectLogs(deps, false, signal)
}

async function projectLogs(deps: Deps, isOwn: boolean, signal: AbortSignal | undefined): Promise<void> {
  const logs = await deps.db.selectFrom('log').select('id').where('is_own', '=', isOwn).execute()
  for (const { id } of logs) {
    for (;;) {
      if (signal?.aborted) return
      const projected = await projectBatch(deps, id)
      if (!projected) break
      await reportVersionConflicts(deps, projected)
    }
  }
  for (const { id } of logs) await fillIndexOf(deps, id, signal)
}

const sweepMs = 5_000
const quietMs = 200
/** While many publish, our own log is said to have grown every 150 ms and a little, when it is sealed. */
const ownQuietMs = 500
const behindAtMostMs = 3_000
const pauseAfterFailureMs = 1_000

/**
 * Follows the logs with the projection until stopped: every five seconds, and when one is said to have grown. Then it
 * stands back until the logs are quiet for a moment, at most three seconds: indexing costs more than publishing does, and
 * least in large batches. Our own log is followed apart, so that nobody waits for it while a long one is copied.
 */
export function startProjection(deps: Deps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const following = [followLogs(deps, true, signal), followLogs(deps, false, signal)]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(following)
    },
  }
}

async function followLogs(deps: Deps, isOwn: boolean, signal: AbortSignal): Promise<void> {
  let grown = Promise.withResolvers<void>()
  let grownAt = 0
  const unlisten = deps.wake.listen((topic) => {
    if (!topic.startsWith('log:') || (topic === `log:${deps.identity.iss}`) !== isOwn) return
    grownAt = performance.now()
    grown.resolve()
  })
  const untilQuietMs = isOwn ? ownQuietMs : quietMs
  const standBack = async () => {
    const latest = performance.now() + behindAtMostMs
    for (;;) {
      const leftMs = Math.min(grownAt + untilQuietMs, latest) - performance.now()
      if (leftMs <= 0) return
      await sleep(leftMs, undefined, { signal })
    }
  }
  while (!signal.aborted) {
    grown = Promise.withResolvers<void>()
    try {
      await projectLogs(deps, isOwn, signal)
      await Promise.race([grown.promise, sleep(sweepMs, undefined, { signal })])
      await standBack()
    } catch (error) {
      if (signal.aborted) break
      deps.log.error({ err: error }, 'the projection stands still')
      await sleep(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined) // our own abort
    }
  }
  unlisten()
}
