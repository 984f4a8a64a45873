import type { Context } from '../context.ts'
import type { ExitCode } from '../exit-codes.ts'

/**
 * Makes the action of a command.
 *
 * @param what What the command does, as in `could not <what>`.
 * @param action Gets the arguments and options as commander gives them; returns an exit code other than `done`.
 */
export type Run = <Args extends unknown[]>(
  what: string,
  // biome-ignore lint/suspicious/noConfusingVoidType: an action that says nothing is done
  action: (context: Context, ...args: Args) => Promise<ExitCode | void>,
) => (...given: unknown[]) => Promise<void>
