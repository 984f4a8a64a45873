import type { Command } from 'commander'
import { wholeNumber, withExamples } from './options.ts'
import type { Run } from './run.ts'

const id = '01890a5d-ac96-774b-bcce-b302099a8057'

/** Who works at the node, and what they did. */
export function definePeopleCommands(program: Command, run: Run): void {
  program.commandsGroup('People:')
  withExamples(
    program
      .command('whoami')
      .description('Show whose token this is, and what it may do.')
      .action(run('ask who you are', async (context) => (await import('../commands/whoami.ts')).showSession(context))),
    'concordance whoami',
    'concordance whoami --json | jq -r .scopes[]',
  )
  definePeople(program, run)
  withExamples(
    program
      .command('audit')
      .description('Show who did what here, newest first: ids, codes and reasons, never content.')
      .option('--actor <subject>', 'of one person or program')
      .option('--act <act>', 'of one kind, as publish, mark, withdraw, draft.approve, token.create')
      .option('--from <time>', 'not before, as 2027-03-01 or 2027-03-01T12:00:00Z')
      .option('--limit <count>', 'at most this many', wholeNumber(1, 100_000), 50)
      .action(
        run('read the audit trail', async (context, options: never) =>
          (await import('../commands/audit.ts')).listAudit(context, options),
        ),
      ),
    'concordance audit --act clearance.override',
    'concordance audit --from 2027-03-01 --limit 100000 --json > audit.jsonl',
  )
}

function definePeople(program: Command, run: Run): void {
  const people = program.command('people').description('Whoever signed in here through the provider.')
  const load = () => import('../commands/people.ts')
  withExamples(
    people
      .command('list')
      .description('List the people, and what they may do.')
      .action(run('list the people', async (context) => (await load()).listPeople(context))),
    'concordance people list',
    'concordance people list --json | jq \'select(.roles | index("publisher"))\'',
  )
  withExamples(
    people
      .command('disable <id>')
      .description('Shut a person out: sessions and tokens end within five seconds.')
      .action(
        run('disable the person', async (context, person: string) => (await load()).disablePerson(context, person)),
      ),
    `concordance people disable ${id}`,
    `concordance people disable ${id} --json`,
  )
  withExamples(
    people
      .command('enable <id>')
      .description('Let a person sign in again; what was ended stays ended.')
      .action(
        run('enable the person', async (context, person: string) => (await load()).enablePerson(context, person)),
      ),
    `concordance people enable ${id}`,
    `concordance people enable ${id} --json`,
  )
}
