import type { Command } from 'commander'
import { wholeNumber, withExamples } from './options.ts'
import type { Run } from './run.ts'

/** Finding records, following a search, and taking along what it finds. */
export function defineSearchCommands(program: Command, run: Run): void {
  program.commandsGroup('Search:')
  defineSearch(program, run)
  defineCite(program, run)
  defineSaved(program, run)
}

function defineSearch(program: Command, run: Run): void {
  withExamples(
    withFilters(
      program
        .command('search [words...]')
        .description('Search everything copied here; with --federated, ask every peer live as well.'),
    )
      .option('--sort <order>', 'relevance or newest')
      .option('--limit <count>', 'at most this many', wholeNumber(1, 200), 20)
      .option('--facets', 'give the counts of every facet instead of the records')
      .option('--federated', 'ask the peers too; each is named on stderr as it answers')
      .option('--budget <ms>', 'milliseconds a federated search may take', wholeNumber(50, 30_000))
      .option('--label <label>', 'how the question itself is marked; AMBER where absent, RED leaves this node never')
      .option('--jsonl', 'take all that match along, a JSON value a line; with --federated up to --limit')
      .option('--csv', 'take all that match along as CSV')
      .option('-o, --output <file>', 'write --jsonl or --csv to a file instead of stdout')
      .option('--cite <style>', 'give citations instead: plain, bibtex, ris or csl-json')
      .option('--save <name>', 'keep the search under a name')
      .option('--saved <name>', 'search what was saved, narrowed by whatever else is given')
      .action(
        run('search', async (context, words: string[], options: never) =>
          (await import('../commands/search.ts')).searchRecords(context, words, options),
        ),
      ),
    "concordance search 'refusal -jailbreak' --type evaluation --since 2026-01-01",
    'concordance search --federated --budget 1500 \'"autonomous replication"\' --cite bibtex',
  )
}

function withFilters(command: Command): Command {
  return command
    .option('--type <type>', 'evaluation, observation, …')
    .option('--iss <entity-id>', 'of one institute')
    .option('--subject <name>', 'about one system')
    .option('--developer <name>', 'about systems of one developer')
    .option('--benchmark <name>', 'by one benchmark')
    .option('--protocol <name>', 'by one protocol')
    .option('--risk <code>', 'about one risk')
    .option('--language <tag>', 'about one language')
    .option('--phase <phase>', 'pre-deployment, post-market, …')
    .option('--objective <objective>', 'capability, safeguard, …')
    .option('--tlp <label>', 'of one marking')
    .option('--year <year>', 'signed in one year', wholeNumber(1970, 9999))
    .option('--status <status>', 'current, superseded or withdrawn')
    .option('--since <day>', 'signed on this day or later')
    .option('--until <day>', 'signed on this day or before')
}

function defineCite(program: Command, run: Run): void {
  withExamples(
    program
      .command('cite <record...>')
      .description('Cite exact versions: institute, date, place in the log, marking, and how to verify them.')
      .option('--style <style>', 'plain, bibtex, ris or csl-json', 'plain')
      .action(
        run('cite the record', async (context, ids: string[], options: never) =>
          (await import('../commands/cite.ts')).citeRecords(context, ids, options),
        ),
      ),
    'concordance cite n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    'concordance cite n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg --style bibtex >> references.bib',
  )
}

function defineSaved(program: Command, run: Run): void {
  const saved = program.command('saved').description('The searches that you have saved.')
  withExamples(
    saved
      .command('list')
      .description('List them, each with the address of its feed.')
      .action(
        run('list the saved searches', async (context) => (await import('../commands/saved.ts')).listSaved(context)),
      ),
    'concordance saved list',
    'concordance saved list --json | jq -r .paths.feed',
  )
  withExamples(
    saved
      .command('delete <name>')
      .description('Forget one, by its name or id.')
      .action(
        run('delete the saved search', async (context, name: string) =>
          (await import('../commands/saved.ts')).deleteSaved(context, name),
        ),
      ),
    "concordance saved delete 'Refusals in Swahili'",
    'concordance saved delete 01890a5d-ac96-774b-bcce-b302099a8057',
  )
}
