import { ClientError } from './error.ts'

export interface Deadline {
  readonly timeoutMs: number
  /** The caller's own wish to stop. */
  readonly signal: AbortSignal | undefined
}

/**
 * Runs `task` under a signal that fires at the deadline or when the caller stops; its reason is a `ClientError`
 * `TIMEOUT` or `STOPPED`, which the task fails with.
 */
export async function withDeadline<T>(
  { timeoutMs, signal }: Deadline,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const stop = () => controller.abort(new ClientError('STOPPED', 'stopped by the caller', { cause: signal?.reason }))
  const timer = setTimeout(() => {
    controller.abort(new ClientError('TIMEOUT', `no complete answer within ${timeoutMs} ms`))
  }, timeoutMs)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await task(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
