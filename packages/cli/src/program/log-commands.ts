import type { Command } from 'commander'
import { wholeNumber, withExamples } from './options.ts'
import type { Run } from './run.ts'

/** The institute's own log. */
export function defineLogCommands(program: Command, run: Run): void {
  program.commandsGroup('Logs and peers:')
  const log = program.command('log').description('The log of your institute.')
  const load = () => import('../commands/log.ts')
  withExamples(
    log
      .command('checkpoint')
      .description('Show the newest checkpoint: signed size and root.')
      .option('--note', 'as C2SP signed note')
      .action(
        run('show the checkpoint', async (context, options: never) => (await load()).showCheckpoint(context, options)),
      ),
    'concordance log checkpoint',
    'concordance log checkpoint --note > checkpoint.txt',
  )
  withExamples(
    log
      .command('verify')
      .description('Recompute every leaf and the root from the stored bytes.')
      .action(run('verify the log', async (context) => (await load()).verifyLog(context))),
    'concordance log verify',
    'concordance log verify --json | jq .ok',
  )
  withExamples(
    log
      .command('confirm')
      .description('Allow publishing after a restore. You answer for it that this database is the newest one.')
      .requiredOption('--size <entries>', 'size of the log you confirm', wholeNumber(0, Number.MAX_SAFE_INTEGER))
      .requiredOption('--reason <text>', 'how you know; it stands in the audit trail')
      .option('--yes', 'do not ask')
      .action(run('confirm the log', async (context, options: never) => (await load()).confirmLog(context, options))),
    'concordance log confirm --size 1207 --reason "moved to new disk, old one was stopped first"',
    'concordance log confirm --size 1207 --reason "restored from the backup of the last commit" --yes',
  )
}
