import type { Command } from 'commander'
import { collect, withExamples } from './options.ts'
import type { Run } from './run.ts'

const id = '01890a5d-ac96-774b-bcce-b302099a8057'

/** Who may see what. */
export function defineAudience(program: Command, run: Run): void {
  const load = () => import('../commands/audience.ts')
  withExamples(
    program
      .command('audience [draft]')
      .description('Show to which peers a draft, or a marking, would go, and why not to others.')
      .option('--tlp <label>', 'of a marking: CLEAR, GREEN, AMBER, AMBER+STRICT or RED')
      .option('--group <entity-id finding>', 'the circle of institutes, with AMBER and AMBER+STRICT')
      .option('--embargo-until <time>', 'closed until then, as 2027-03-01T00:00:00Z')
      .action(
        run('show the audience', async (context, draft: string | undefined, options: never) =>
          (await load()).showAudience(context, draft, options),
        ),
      ),
    `concordance audience ${id}`,
    `concordance audience --tlp AMBER --group "https://a.institute.example ${id}"`,
  )
  withExamples(
    program
      .command('why <record>')
      .description('Say why each peer and the public can, or cannot, see a record of yours now.')
      .action(
        run('say who may see the record', async (context, record: string) =>
          (await load()).explainRecord(context, record),
        ),
      ),
    'concordance why n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    "concordance why n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --json | jq '.peers[] | select(.opens)'",
  )
  withExamples(
    program
      .command('mark <record>')
      .description(
        'Give one of your records another marking; shows first what that changes. What only narrows is published at once.',
      )
      .requiredOption('--tlp <label>', 'CLEAR, GREEN, AMBER, AMBER+STRICT or RED')
      .option('--group <entity-id finding>', 'the circle of institutes, with AMBER and AMBER+STRICT')
      .option('--embargo-until <time>', 'closed until then, as 2027-03-01T00:00:00Z')
      .option('--reason <text>', 'why; with a language as `fr:…`', collect, [])
      .option('--yes', 'do not ask')
      .action(
        run('mark the record', async (context, record: string, options: never) =>
          (await import('../commands/mark.ts')).markRecord(context, record, options),
        ),
      ),
    'concordance mark n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --tlp GREEN --reason "the flaw is not fixed yet"',
    'concordance mark n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --tlp RED --yes',
  )
  defineGroup(program, run)
}

function defineGroup(program: Command, run: Run): void {
  const group = program.command('group').description('Circles of institutes, for AMBER and AMBER+STRICT.')
  const load = () => import('../commands/group.ts')
  withExamples(
    group
      .command('list')
      .description('List the groups known here.')
      .action(run('list the groups', async (context) => (await load()).listGroups(context))),
    'concordance group list',
    'concordance group list --json | jq -r .finding',
  )
  withExamples(
    group
      .command('show <group>')
      .description('Show a group of yours and its members.')
      .action(run('show the group', async (context, finding: string) => (await load()).showGroup(context, finding))),
    `concordance group show ${id}`,
    `concordance group show ${id} --json | jq .members`,
  )
  withExamples(
    group
      .command('new <name>')
      .description('Begin a group, as a draft.')
      .option('--member <entity-id>', 'an institute; may be given several times', collect, [])
      .option('--purpose <text>', 'what it is for; with a language as `fr:…`', collect, [])
      .action(
        run('begin the group', async (context, name: string, options: never) =>
          (await load()).newGroup(context, name, options),
        ),
      ),
    'concordance group new "Cyber pilot" --member https://b.institute.example',
    'concordance group new "Cyber pilot" --member https://b.institute.example --purpose "joint tests" --json',
  )
  withExamples(
    group
      .command('add <group> <entity-id...>')
      .description('Take institutes in, or open more history to them, as a draft.')
      .option('--history-from <time>', 'what is older stays closed to them, as 2026-09-01T00:00:00Z')
      .action(
        run('add to the group', async (context, finding: string, members: string[], options: never) =>
          (await load()).addMembers(context, finding, members, options),
        ),
      ),
    `concordance group add ${id} https://c.institute.example`,
    `concordance group add ${id} https://c.institute.example --history-from 2026-09-01T00:00:00Z`,
  )
  withExamples(
    group
      .command('remove <group> <entity-id...>')
      .description('Let institutes go. It is published at once where the token may publish.')
      .action(
        run('remove from the group', async (context, finding: string, members: string[]) =>
          (await load()).removeMembers(context, finding, members),
        ),
      ),
    `concordance group remove ${id} https://c.institute.example`,
    `concordance group remove ${id} https://b.institute.example https://c.institute.example`,
  )
}
