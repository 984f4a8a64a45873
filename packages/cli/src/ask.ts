import { createInterface } from 'node:readline/promises'
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/**
 * Asks for the first eight characters of `id` before something that cannot be undone.
 *
 * @throws {Failure} where nobody can answer, or the answer is another one.
 */
export async function confirm(context: Context, id: string, options: { readonly yes?: boolean }): Promise<void> {
  if (options.yes) return
  const expected = id.slice(0, 8)
  const answer = await ask(context, `type ${expected} to go on: `)
  if (answer.trim() === expected) return
  const remedy = 'nothing was done; run the same command again'
  throw new Failure({
    what: 'stopped',
    why: `${expected} was not typed`,
    remedy,
    code: 'STOPPED',
    exit: exitCodes.stopped,
  })
}

/** One answer from the person at the terminal. @throws {Failure} where there is none. */
export async function ask({ signal, terminal }: Context, question: string): Promise<string> {
  if (!process.stdin.isTTY || !terminal.isInteractive) {
    throw new Failure({
      what: 'nothing was done',
      why: 'something has to be asked, and there is no terminal to ask at',
      remedy: 'pass --yes where it is about going on, else the options that are missing',
      code: 'NO_TERMINAL',
      exit: exitCodes.usage,
    })
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question, { signal })
  } finally {
    lines.close()
  }
}
