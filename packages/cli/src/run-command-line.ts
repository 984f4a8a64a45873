import { type Command, CommanderError } from 'commander'
import type { GlobalOptions } from './context.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { failureOf } from './failure-of.ts'
import { buildProgram } from './program/build-program.ts'
import { freeDashedIds, guardDashedIds } from './program/dashed-ids.ts'
import type { Run } from './program/run.ts'
import { openTerminal } from './terminal.ts'

/**
 * Runs one command line to its end and returns the exit code. Never throws.
 *
 * @param args Without the program's own name.
 */
export async function runCommandLine(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ExitCode> {
  const controller = new AbortController()
  const stop = stopper(controller)
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  let exit: ExitCode = exitCodes.done
  let doing = 'understand the command'
  let global: GlobalOptions = { json: args.includes('--json') }
  const run: Run =
    (what, action) =>
    async (...given) => {
      doing = what
      const command = given.pop() as Command
      global = freeDashedIds(command.optsWithGlobals()) as GlobalOptions
      const terminal = openTerminal({ env, global })
      exit =
        (await action({ terminal, global, env, signal: controller.signal }, ...(given.map(freeDashedIds) as never))) ??
        exitCodes.done
    }
  try {
    await buildProgram(run).parseAsync(args.length === 0 ? ['--help'] : guardDashedIds(args), { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
    const failure = failureOf(error, doing)
    openTerminal({ env, global }).fail(failure)
    return controller.signal.aborted ? exitCodes.stopped : failure.exit
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

/** One Ctrl-C can arrive twice, by the terminal and by a parent; one that comes later is of somebody who has waited enough. */
function stopper(controller: AbortController): () => void {
  let stoppedAt: number | undefined
  return () => {
    if (stoppedAt !== undefined && Date.now() - stoppedAt > 1000) process.exit(exitCodes.stopped)
    stoppedAt ??= Date.now()
    controller.abort()
  }
}
