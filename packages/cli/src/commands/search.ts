import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type SearchFilters, type SearchResult } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../failure.ts'
import { labels, oneOf } from '../one-of.ts'
import { type FilterOptions, filtersOf } from '../search-filters.ts'
import { giveHits } from '../search-hits.ts'
import { type CitationStyle, citeHits, styleOf } from './cite.ts'
import { findSaved } from './saved.ts'
import { giveFound, searchEverywhere } from './search-everywhere.ts'
import { takeSearch } from './take-search.ts'

export interface SearchOptions extends FilterOptions {
  readonly sort?: string
  readonly limit: number
  readonly facets?: boolean
  readonly federated?: boolean
  readonly budget?: number
  readonly label?: string
  readonly jsonl?: boolean
  readonly csv?: boolean
  readonly output?: string
  readonly cite?: string
  readonly save?: string
  readonly saved?: string
}

/** Hits go to stdout; how far they are the whole answer goes to stderr, and into the exit code. */
export async function searchRecords(
  context: Context,
  words: readonly string[],
  options: SearchOptions,
): Promise<ExitCode> {
  refuseContradictions(options)
  const typed = filtersOf(words, options)
  const order = oneOf('sort', ['relevance', 'newest'] as const, options.sort)
  const style = options.cite === undefined ? undefined : styleOf(options.cite)
  return withClient(context, async (client) => {
    const filters =
      options.saved === undefined ? typed : { ...(await findSaved(context, client, options.saved)), ...typed }
    if (options.save !== undefined) await saveSearch(context, client, options.save, filters)
    const asked = { filters, ...order }
    if (options.federated) return giveEverywhere(context, client, asked, options, style)
    if (options.csv || options.jsonl)
      return takeSearch(context, client, asked, { ...options, format: formatOf(options) })
    return giveLocal(context, client, asked, options, style)
  })
}

export interface AskedSearch {
  readonly filters: SearchFilters
  readonly sort?: 'relevance' | 'newest'
}

function refuseContradictions({ csv, jsonl, facets, cite, federated, output }: SearchOptions): void {
  const forms = Object.entries({ csv, jsonl, facets, cite }).flatMap(([name, given]) => (given ? [`--${name}`] : []))
  if (forms.length > 1) throw usageFailure(`${forms.join(' and ')} cannot be had at once`, 'choose one of them')
  if (federated && csv) throw usageFailure('--csv is of what is copied here', 'use --jsonl, or leave --federated away')
  if (federated && facets) throw usageFailure('--facets counts what is copied here', 'leave --federated away')
  if (output !== undefined && !csv && !jsonl) throw usageFailure('--output is for --csv and --jsonl', 'add one of them')
}

function formatOf({ csv }: SearchOptions): 'csv' | 'jsonl' {
  return csv ? 'csv' : 'jsonl'
}

async function giveLocal(
  context: Context,
  client: Client,
  { filters, sort }: AskedSearch,
  { facets = false, limit }: SearchOptions,
  style: CitationStyle | undefined,
): Promise<ExitCode> {
  const { terminal, signal } = context
  const query = { ...filters, ...(sort && { sort }), facets, limit: facets ? 1 : limit }
  const result = await client.call(api.search, { query, signal })
  if (facets) giveFacets(context, result)
  else if (style !== undefined) return citeHits(context, client, result.hits, style)
  else if (terminal.json) terminal.give(result, () => [])
  else {
    giveHits(terminal, result.hits, nothingHere)
    hint(context, result)
  }
  return exitCodes.done
}

/** Never that there is nothing: what is closed is not spoken of. */
const nothingHere =
  'nothing open to you matches here; try fewer words, `concordance search --facets` for what there is, or --federated'

function giveFacets({ terminal }: Context, { facets, matched }: SearchResult): void {
  const counts = Object.entries(facets).flatMap(([facet, values]) => values.map((value) => ({ facet, ...value })))
  terminal.giveList(counts, {
    columns: ['facet', 'count', 'value'],
    row: ({ facet, count, value }) => [facet, String(count), value],
    empty: nothingHere,
  })
  if (!terminal.json && matched > 0) terminal.talk(`of ${matched} records; narrow the search by any of these, as --tlp`)
}

function hint({ terminal }: Context, { hits, matched, next }: SearchResult): void {
  if (hits.length === 0) return
  if (next !== undefined)
    terminal.talk(
      `${hits.length} of ${matched} that match; --csv or --jsonl takes all, --facets shows how to narrow them`,
    )
  terminal.talk('read one with `concordance show RECORD`, cite it with `concordance cite RECORD`')
}

async function giveEverywhere(
  context: Context,
  client: Client,
  asked: AskedSearch,
  { limit, budget, label, jsonl = false, output }: SearchOptions,
  style: CitationStyle | undefined,
): Promise<ExitCode> {
  const { terminal } = context
  const live = { limit, ...oneOf('label', labels, label), ...(budget !== undefined && { budgetMs: budget }) }
  const found = await searchEverywhere(context, client, { ...asked, ...live })
  const isWhole = found.complete ? exitCodes.done : exitCodes.partlyDone
  if (style !== undefined) return worse(await citeHits(context, client, found.hits, style), isWhole)
  if (jsonl) await giveFound(context, found, output)
  else if (terminal.json) terminal.give(found, () => [])
  else giveHits(terminal, found.hits, 'nothing open to you matches, here or where somebody answered; try fewer words')
  if (!terminal.json && !found.complete) terminal.talk('not every institute answered ok: this is not the whole answer')
  return isWhole
}

function worse(one: ExitCode, other: ExitCode): ExitCode {
  return one === exitCodes.done ? other : one
}

async function saveSearch(context: Context, client: Client, name: string, filters: SearchFilters): Promise<void> {
  const headers = { 'idempotency-key': randomUUID() }
  const saved = await client.call(api.saveSearch, { headers, body: { name, filters }, signal: context.signal })
  if (context.terminal.json) return
  context.terminal.talk(
    'saved; ask again with `concordance search --saved NAME`, see all with `concordance saved list`',
  )
  context.terminal.talk(`follow it in a feed reader at ${client.baseUrl}${saved.paths.feed}`)
}
