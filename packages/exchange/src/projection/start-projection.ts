import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { reportVersionConflicts } from '../sync/report-versions.ts'
import { projectBatch } from './project-log.ts'

/** Catches up with every log kept here. Safe to run in several processes: each batch locks its log. */
export async function projectAll(deps: Deps, signal?: AbortSignal): Promise<void> {
  const logs = await deps.db.selectFrom('log').select('id').execute()
  for (const { id } of logs) {
    for (;;) {
      if (signal?.aborted) return
      const projected = await projectBatch(deps, id)
      if (!projected) break
      await reportVersionConflicts(deps, projected)
    }
  }
}

const sweepMs = 5_000
const pauseAfterFailureMs = 1_000

/** Follows the logs with the projection until stopped: at once when one is said to have grown, and every five seconds. */
export function startProjection(deps: Deps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let grown = Promise.withResolvers<void>()
  const unlisten = deps.wake.listen((topic) => {
    if (topic.startsWith('log:')) grown.resolve()
  })
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const signal = grown.promise
      try {
        await projectAll(deps, stopping.signal)
        await Promise.race([signal, sleep(sweepMs, undefined, { signal: stopping.signal })])
      } catch (error) {
        if (stopping.signal.aborted) break
        deps.log.error({ err: error }, 'the projection stands still')
        await sleep(pauseAfterFailureMs, undefined, { signal: stopping.signal }).catch(() => undefined) // our own abort
      }
      grown = Promise.withResolvers<void>()
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
      unlisten()
    },
  }
}
