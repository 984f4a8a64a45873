import type { Command } from 'commander'
import { defineAudience } from './audience-commands.ts'
import { collect, withExamples } from './options.ts'
import { defineClearance, defineReviews } from './review-commands.ts'
import type { Run } from './run.ts'

/** From a log file to a signed record. */
export function defineDraftCommands(program: Command, run: Run): void {
  program.commandsGroup('Your work:')
  defineImport(program, run)
  defineDraft(program, run)
  defineClearance(program, run)
  definePublish(program, run)
  defineAudience(program, run)
}

function defineImport(program: Command, run: Run): void {
  withExamples(
    program
      .command('import <file...>')
      .description('Turn evaluation logs (Inspect .eval and .json, Every Eval Ever) into drafts on your node.')
      .option('--answers <file>', 'YAML or JSON with what a log cannot know')
      .option('--dry-run', 'only say what would become of each file; needs no node')
      .option('--questions <file>', 'as --dry-run, and write the open questions as a YAML file to fill in')
      .option('--tlp <label>', 'marking of the drafts: CLEAR, GREEN, AMBER, AMBER+STRICT or RED', 'RED')
      .option('--group <entity-id finding>', 'the circle of institutes, with AMBER and AMBER+STRICT')
      .action(
        run('import', async (context, files: string[], options: never) =>
          (await import('../commands/import.ts')).importFiles(context, files, options),
        ),
      ),
    'concordance import --dry-run logs/2026-05-04_cyber.eval',
    'concordance import logs/*.eval --answers answers.yaml --tlp GREEN',
  )
}

function defineDraft(program: Command, run: Run): void {
  const draft = program.command('draft').description('Unsigned work. It never leaves the node.')
  const load = () => import('../commands/draft.ts')
  withExamples(
    draft
      .command('list')
      .description('List the drafts, last changed first.')
      .action(run('list the drafts', async (context) => (await load()).listDrafts(context))),
    'concordance draft list',
    'concordance draft list --json | jq -r .id',
  )
  withExamples(
    draft
      .command('show <id>')
      .description('Show a draft, and where each of its fields came from.')
      .action(run('show the draft', async (context, id: string) => (await load()).showDraft(context, id))),
    'concordance draft show 01890a5d-ac96-774b-bcce-b302099a8057',
    'concordance draft show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .content.limitations',
  )
  withExamples(
    draft
      .command('new <file>')
      .description('Create a draft from a YAML or JSON file with type, lang, mark and content.')
      .action(run('create the draft', async (context, file: string) => (await load()).newDraft(context, file))),
    'concordance draft new observation.yaml',
    'concordance draft new result-from-paper.json --json',
  )
  withExamples(
    draft
      .command('edit <id>')
      .description('Change a draft: fields by --set, the whole by --file, the marking by --tlp, or in your editor.')
      .option('--set <pointer=value>', 'set one field by its JSON pointer; the value as YAML', collect, [])
      .option('--file <file>', 'YAML or JSON with lang, mark, content and rel')
      .option('--tlp <label>', 'mark it CLEAR, GREEN, AMBER, AMBER+STRICT or RED')
      .option('--group <entity-id finding>', 'the circle of institutes, with AMBER and AMBER+STRICT')
      .option('--embargo-until <time>', 'closed until then, as 2027-03-01T00:00:00Z')
      .action(
        run('change the draft', async (context, id: string, options: never) =>
          (await load()).editDraft(context, id, options),
        ),
      ),
    'concordance draft edit 01890a5d-ac96-774b-bcce-b302099a8057',
    "concordance draft edit 01890a5d-ac96-774b-bcce-b302099a8057 --tlp GREEN --set '/content/limitations=[one language only]'",
  )
  withExamples(
    draft
      .command('delete <id>')
      .description('Delete a draft that is not published.')
      .option('--yes', 'do not ask')
      .action(
        run('delete the draft', async (context, id: string, options: never) =>
          (await load()).deleteDraft(context, id, options),
        ),
      ),
    'concordance draft delete 01890a5d-ac96-774b-bcce-b302099a8057',
    'concordance draft delete 01890a5d-ac96-774b-bcce-b302099a8057 --yes',
  )
  defineReviews(draft, run)
}

function definePublish(program: Command, run: Run): void {
  const load = () => import('../commands/publish.ts')
  withExamples(
    program
      .command('publish <draft...>')
      .description('Sign drafts and append them to the log. What is published is never changed.')
      .option('--yes', 'do not ask')
      .action(
        run('publish', async (context, ids: string[], options: never) =>
          (await load()).publishDrafts(context, ids, options),
        ),
      ),
    'concordance publish 01890a5d-ac96-774b-bcce-b302099a8057',
    'concordance draft list --json | jq -r .id | xargs concordance publish --yes',
  )
  withExamples(
    program
      .command('revise <finding>')
      .description('Begin the next version of a finding, as a draft filled from the current one.')
      .action(
        run('revise the finding', async (context, finding: string) => (await load()).reviseFinding(context, finding)),
      ),
    'concordance revise 01890a5d-ac96-774b-bcce-b302099a8057',
    'concordance revise 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq -r .id',
  )
  withExamples(
    program
      .command('withdraw <finding>')
      .description('Take back the newest version of a finding. Its statement stays; whoever holds the body hides it.')
      .requiredOption('--reason <reason>', 'error, invalid-samples, breach, information-hazard, legal or superseded')
      .option('--note <text>', 'what readers should know; with a language as `fr:…`', collect, [])
      .option('--replacement <iss record>', 'the record that replaces it, as `ENTITY-ID RECORD-ID`')
      .option('--yes', 'do not ask')
      .action(
        run('withdraw the finding', async (context, finding: string, options: never) =>
          (await load()).withdrawFinding(context, finding, options),
        ),
      ),
    'concordance withdraw 01890a5d-ac96-774b-bcce-b302099a8057 --reason error --note "the grader was wrong"',
    'concordance withdraw 01890a5d-ac96-774b-bcce-b302099a8057 --reason superseded --yes',
  )
}
