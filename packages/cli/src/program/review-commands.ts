import type { Command } from 'commander'
import { withExamples } from './options.ts'
import type { Run } from './run.ts'

const id = '01890a5d-ac96-774b-bcce-b302099a8057'

/** A draft's way past a second person: below `concordance draft`. */
export function defineReviews(draft: Command, run: Run): void {
  const load = () => import('../commands/review.ts')
  withExamples(
    draft
      .command('submit <id>')
      .description('Put a draft before whoever may review it.')
      .option('--note <text>', 'for the reviewer')
      .option('--yes', 'do not ask')
      .action(
        run('submit the draft', async (context, draftId: string, options: never) =>
          (await load()).submitDraft(context, draftId, options),
        ),
      ),
    `concordance draft submit ${id} --yes`,
    `concordance draft submit ${id} --note "the sample is new"`,
  )
  withExamples(
    draft
      .command('recall <id>')
      .description('Take a draft out of review.')
      .action(
        run('recall the draft', async (context, draftId: string) => (await load()).recallDraft(context, draftId)),
      ),
    `concordance draft recall ${id}`,
    `concordance draft recall ${id} --json`,
  )
  withExamples(
    draft
      .command('approve <id>')
      .description('Approve a draft as it stands; not for those who wrote a part of it.')
      .requiredOption('--hazard <answer>', 'could it help to do harm? none, mitigated or hazard')
      .requiredOption('--because <text>', 'why that is the answer')
      .option('--note <text>', 'for the author')
      .action(
        run('approve the draft', async (context, draftId: string, options: never) =>
          (await load()).approveDraft(context, draftId, options),
        ),
      ),
    `concordance draft approve ${id} --hazard none --because "results only, no method"`,
    `concordance draft approve ${id} --hazard mitigated --because "the prompts are left out"`,
  )
  withExamples(
    draft
      .command('send-back <id>')
      .description('Give a draft back to those who wrote it.')
      .requiredOption('--reason <text>', 'what has to change')
      .action(
        run('send the draft back', async (context, draftId: string, options: never) =>
          (await load()).sendBackDraft(context, draftId, options),
        ),
      ),
    `concordance draft send-back ${id} --reason "say how the sample was drawn"`,
    `concordance draft send-back ${id} --reason "names a person" --json`,
  )
  withExamples(
    draft
      .command('comment <id> [text]')
      .description('Comment on a field of a draft, or settle a comment.')
      .option('--at <pointer>', 'JSON pointer of the field', '')
      .option('--resolve <number>', 'settle this comment')
      .action(
        run('comment on the draft', async (context, draftId: string, text: string | undefined, options: never) =>
          (await load()).commentOnDraft(context, draftId, text, options),
        ),
      ),
    `concordance draft comment ${id} "which languages?" --at /content/limitations/0`,
    `concordance draft comment ${id} --resolve 12`,
  )
  withExamples(
    draft
      .command('reviews <id>')
      .description('Show how far a draft is, what is new in it, and what was said about it.')
      .action(
        run('show the reviews', async (context, draftId: string) => (await load()).showReviews(context, draftId)),
      ),
    `concordance draft reviews ${id}`,
    `concordance draft reviews ${id} --json | jq .changes.published`,
  )
}

/** Developers who are shown a draft: `concordance clearance`. */
export function defineClearance(program: Command, run: Run): void {
  const clearance = program
    .command('clearance')
    .description('Developers who are shown a draft; publishing waits for them.')
  const load = () => import('../commands/clearance.ts')
  withExamples(
    clearance
      .command('add <draft>')
      .description('Note that a developer is shown a draft. Developer and agreement stay on the node.')
      .requiredOption('--developer <name>', 'who is shown it')
      .requiredOption('--agreement <reference>', 'under which agreement')
      .requiredOption('--due <day>', 'until when an answer is expected, as 2027-03-01')
      .action(
        run('add the clearance', async (context, draft: string, options: never) =>
          (await load()).addClearance(context, draft, options),
        ),
      ),
    `concordance clearance add ${id} --developer "Acme AI" --agreement MOU-7 --due 2027-03-01`,
    `concordance clearance add ${id} --developer "Acme AI" --agreement MOU-7 --due 2027-03-01 --json | jq .id`,
  )
  withExamples(
    clearance
      .command('list <draft>')
      .description('List who is shown a draft, and what came of it.')
      .action(
        run('list the clearances', async (context, draft: string) => (await load()).listClearances(context, draft)),
      ),
    `concordance clearance list ${id}`,
    `concordance clearance list ${id} --json | jq 'select(.outcome == "open")'`,
  )
  withExamples(
    clearance
      .command('decide <draft> <number>')
      .description('Enter what a developer answered, or that no answer came in time.')
      .requiredOption('--outcome <outcome>', 'cleared, commented, objected or no-answer')
      .option('--note <text>', 'what was said; stays on the node')
      .action(
        run('decide the clearance', async (context, draft: string, number: string, options: never) =>
          (await load()).decideClearance(context, draft, number, options),
        ),
      ),
    `concordance clearance decide ${id} 3 --outcome cleared`,
    `concordance clearance decide ${id} 3 --outcome commented --note "asks for another name"`,
  )
  withExamples(
    clearance
      .command('override <draft> <number>')
      .description('Go on without the answer. The reason stands in the audit trail.')
      .requiredOption('--reason <text>', 'why it cannot wait')
      .action(
        run('override the clearance', async (context, draft: string, number: string, options: never) =>
          (await load()).overrideClearance(context, draft, number, options),
        ),
      ),
    `concordance clearance override ${id} 3 --reason "the flaw is being used"`,
    `concordance clearance override ${id} 3 --reason "agreed by telephone" --json`,
  )
}
