import { setTimeout as sleep } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { SealingInterval } from './schedule.ts'

/** What has to be written when an interval ends is written within this time, and the same is signed at its end. */
const settleAtMostMs = 1_000
const lookAgainMs = 60_000
const afterErrorMs = 1_000
const unconfirmedMs = 5_000

/**
 * Ends each interval at its tick and signs the log a fixed time later, so that the moment says nothing about how much had
 * to be written. What was missed is made up for at the start.
 */
export function startTicking(deps: Deps, { every }: SealingInterval): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const everyMs = every * 1_000
  const pause = (ms: number) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined) // only ever rejects by our own abort
  const tick = async () => {
    const last = Math.floor(deps.now().getTime() / everyMs) * everyMs
    await deps.writer.closeIntervals()
    await pause(last + Math.min(settleAtMostMs, everyMs / 4) - deps.now().getTime())
    await deps.writer.seal()
    return Math.min(last + everyMs - deps.now().getTime(), lookAgainMs)
  }
  const running = (async () => {
    while (!signal.aborted) await pause(await tick().catch((error) => waitAfter(deps, error)))
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

function waitAfter({ log }: Deps, error: unknown): number {
  const isUnconfirmed = error instanceof ExchangeError && error.code === 'log-unconfirmed'
  if (isUnconfirmed) return unconfirmedMs
  log.error({ err: error }, 'an interval of the log was not ended')
  return afterErrorMs
}
