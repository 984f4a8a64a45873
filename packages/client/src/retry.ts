import { setTimeout as sleep } from 'node:timers/promises'
import { ClientError } from './error.ts'

export interface RetryRules {
  /** Tries after the first one. */
  readonly retries: number
  /** Only what may be sent twice without being done twice is retried. */
  readonly isIdempotent: boolean
  readonly signal: AbortSignal
}

/**
 * Runs `once` until it succeeds, fails for good, or the tries are used up. Between tries it waits as long as the other
 * side asks (Retry-After), else a random time that doubles: 0–200 ms, 0–400 ms, …, at most 5 s.
 *
 * @throws what the last try threw, or the reason of the signal.
 */
export async function retry<T>({ retries, isIdempotent, signal }: RetryRules, once: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await once()
    } catch (error) {
      if (!isIdempotent || tries >= retries || !isPassing(error)) throw error
      const delayMs = error.retryAfterMs ?? Math.random() * Math.min(5000, 200 * 2 ** tries)
      if (delayMs > longestDelayMs) throw error
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}

/** Nobody waits longer for an answer that may not come; the caller sees `retryAfterMs` instead. */
const longestDelayMs = 30_000

/** Whether the same request may well succeed a little later. */
function isPassing(error: unknown): error is ClientError {
  if (!(error instanceof ClientError)) return false
  if (error.code === 'UNREACHABLE' || error.code === 'rate' || error.code === 'store-unavailable') return true
  const { status } = error
  if (status === 503) return error.retryAfterMs !== undefined
  return error.code === 'PROBLEM_UNKNOWN' && (status === 429 || status === 502 || status === 504)
}
