import { Command, type CommanderError } from 'commander'
import { exitCodesText } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { defineDraftCommands } from './draft-commands.ts'
import { defineLogCommands } from './log-commands.ts'
import { defineNodeCommands } from './node-commands.ts'
import { definePeerCommands } from './peer-commands.ts'
import { definePeopleCommands } from './people-commands.ts'
import { defineRecordCommands } from './record-commands.ts'
import type { Run } from './run.ts'
import { defineSearchCommands } from './search-commands.ts'

/**
 * The whole command line as it is typed, without any of the code behind it: each action imports its own when it runs,
 * so that `--help` answers at once.
 */
export function buildProgram(run: Run): Command {
  const program = new Command('concordance')
    .description('Publish, prove, compare and search signed evaluation results of AI safety institutes.')
    .usage('COMMAND [options]')
    .option('--json', 'give data as JSON, one value a line')
    .option('--url <url>', 'address of the node (CONCORDANCE_URL; else the node of the data folder)')
    .option('--token <token>', 'API token; others on this machine can see it, so rather set CONCORDANCE_TOKEN')
    .option('--token-file <file>', 'file that holds the API token')
    .option('--data <folder>', 'data folder of the node (CONCORDANCE_DATA; default .data/node)')
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .addHelpText('after', `\n${exitCodesText}\nData goes to stdout, everything else to stderr. See docs/cli.md.`)
  defineNodeCommands(program, run)
  defineDraftCommands(program, run)
  defineRecordCommands(program, run)
  defineSearchCommands(program, run)
  defineLogCommands(program, run)
  definePeerCommands(program, run)
  definePeopleCommands(program, run)
  for (const command of everyCommand(program)) catchUsage(command)
  return program
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** A wrong command line ends in three lines as everything else does, and help asked for is no error. */
function catchUsage(command: Command): void {
  command.helpCommand(false).configureOutput({ outputError: () => {}, writeErr: () => {} })
  command.exitOverride((error: CommanderError) => {
    if (error.exitCode === 0) throw error
    const name = nameOf(command)
    if (error.code === 'commander.help')
      throw usageFailure(`${name} needs to know what to do`, `see \`${name} --help\``)
    throw usageFailure(error.message.replace(/^error: /, '').replaceAll(/\s+/g, ' '), `see \`${name} --help\``)
  })
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
}
