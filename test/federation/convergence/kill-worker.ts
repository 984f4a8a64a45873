import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Institute } from '../../network/start-network.ts'

/** Lets a second process of an institute follow its peers, and kills it with SIGKILL after `delayMs` of that. */
export async function killWorker({ config }: Institute, seconds: number, delayMs: number): Promise<void> {
  const worker = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(config), String(seconds)])
  const end = () => void worker.kill('SIGKILL')
  process.on('exit', end)
  const ended = once(worker, 'exit')
  const [said] = await Promise.race([once(worker, 'message'), ended])
  if (said !== 'follows') throw new Error(`the worker of ${config.entityId} ended before it was killed`)
  await sleep(delayMs)
  worker.kill('SIGKILL')
  await ended
  process.off('exit', end)
}
