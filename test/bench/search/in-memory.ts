import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Answer, Engine } from './engine.ts'

export interface InMemoryEngine extends Engine {
  readonly pid: number
}

/** MiniSearch in a process of its own, so that its memory can be told; the way between the processes is not counted. */
export async function buildInMemory(count: number): Promise<InMemoryEngine> {
  const script = join(import.meta.dirname, 'in-memory-process.ts')
  const child = fork(script, [String(count)], { execArgv: ['--max-old-space-size=12000', '--expose-gc'] })
  const ended = once(child, 'exit').then(() => {
    throw new Error('the in-memory engine ended')
  })
  ended.catch(() => undefined) // said to whoever waits for an answer
  const said = async <Message>() => {
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message as Message
  }
  await said()
  return {
    name: 'MiniSearch',
    pid: child.pid as number,
    async ask(question) {
      child.send(question)
      return said<Answer>()
    },
    async close() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
