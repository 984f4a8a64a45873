import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Outcome, RunOptions } from './run-command.ts'

/**
 * Runs command lines in one process, one after the other, until the test ends: for what commands do and say. Starting takes
 * most of the time of a command; that each starts and ends by itself is a test of its own.
 */
export function shareProcess(t: { teardown(end: () => unknown): void }) {
  const child = fork(fileURLToPath(new URL('command-process.ts', import.meta.url)), { stdio: 'inherit' })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.disconnect()
    await once(child, 'exit')
  })
  const ended = once(child, 'exit').then(() => {
    throw new Error('the process in which commands run has ended')
  })
  ended.catch(() => {})
  let last: Promise<unknown> = Promise.resolve()
  return (args: readonly string[], { cwd, env = {} }: RunOptions): Promise<Outcome> => {
    const ask = async () => {
      child.send({ args, options: { cwd, env } })
      const [outcome] = (await Promise.race([once(child, 'message'), ended])) as [Outcome]
      return outcome
    }
    const outcome = last.then(ask)
    last = outcome.catch(() => {})
    return outcome
  }
}
