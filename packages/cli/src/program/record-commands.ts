import type { Command } from 'commander'
import { wholeNumber, withExamples } from './options.ts'
import type { Run } from './run.ts'

/** Reading and proving what institutes published. */
export function defineRecordCommands(program: Command, run: Run): void {
  program.commandsGroup('Records:')
  defineList(program, run)
  defineShow(program, run)
  defineVerify(program, run)
  defineExport(program, run)
}

function defineList(program: Command, run: Run): void {
  withExamples(
    program
      .command('list')
      .description('List the records that are open to you, newest first.')
      .option('--type <type>', 'evaluation, observation, withdrawal, …')
      .option('--iss <entity-id>', 'of one institute')
      .option('--status <status>', 'current, superseded or withdrawn')
      .option('--tlp <label>', 'of one marking')
      .option('--finding <id>', 'of one finding')
      .option('--limit <count>', 'at most this many', wholeNumber(1, 100_000), 50)
      .action(
        run('list the records', async (context, options: never) =>
          (await import('../commands/list.ts')).listRecords(context, options),
        ),
      ),
    'concordance list --type evaluation',
    'concordance list --iss https://node.institute.example --limit 1000 --json',
  )
}

function defineShow(program: Command, run: Run): void {
  withExamples(
    program
      .command('show <record>')
      .description('Show a record: what was found, how it is marked, where it stands.')
      .action(
        run('show the record', async (context, id: string) =>
          (await import('../commands/show.ts')).showRecord(context, id),
        ),
      ),
    'concordance show n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    'concordance show n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --json | jq -r .body | jq .measures',
  )
}

function defineVerify(program: Command, run: Run): void {
  withExamples(
    program
      .command('verify <record-or-file>')
      .description('Prove a record of a node, or offline a file: a record proof, or evidence of misconduct.')
      .option('--pin <thumbprint>', 'root key of the institute, learnt out of band; else the one your node pins')
      .option('--iss <entity-id>', 'the institute it has to be of')
      .action(
        run('verify', async (context, what: string, options: never) =>
          (await import('../commands/verify.ts')).verify(context, what, options),
        ),
      ),
    'concordance verify record.proof.json --pin 9mTZ2Rh0Wv1Pq3bY8nXkLc7dSfUaEoGiJtBxMwHrKzQ',
    'concordance verify n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
  )
}

function defineExport(program: Command, run: Run): void {
  withExamples(
    program
      .command('export <record>')
      .description('Give the exact body of a record, or with --proof all that proves it offline.')
      .option('--proof', 'the proof, with statement and body')
      .option('-o, --output <file>', 'write to a file instead of stdout')
      .action(
        run('export the record', async (context, id: string, options: never) =>
          (await import('../commands/export.ts')).exportRecord(context, id, options),
        ),
      ),
    'concordance export n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --proof -o record.proof.json',
    'concordance export n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg | jq .measures',
  )
}
