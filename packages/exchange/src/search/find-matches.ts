import type { FacetName, SearchFilters } from '@concordance/protocol'
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import { isOpenTo } from '../access/is-open-to.ts'
import { labelReachOf } from '../access/label-reach.ts'
import type { Viewer } from '../access/may-open.ts'
import { planIsKept } from '../database/keep-plans.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { selectOpen } from '../select-open.ts'
import { cellBytes, lastMoment, type Place, placeBytes, writeCells } from './cells.ts'
import { internFacetSets } from './facet-sets.ts'
import { bodyFacets, facetWord, headSetOf } from './facets.ts'
import type { ParsedQuery } from './query.ts'

/** What is asked for by words; titles where matches are to be ranked by them. */
export type Words = Pick<ParsedQuery, 'match' | 'titles'>

/** Everything that matches and is open to the viewer. */
export interface Matches {
  /** See `cells.ts`; in no order. */
  readonly cells: Buffer
  /** By how much of what was asked for stands in the title: the places of those matches. Of the others it is nothing. */
  readonly ranked: ReadonlyMap<number, Buffer> | undefined
  /** How many of them stand how, for this viewer. */
  readonly status: Readonly<Record<'current' | 'superseded' | 'withdrawn', number>>
}

/**
 * What matches words and filters. Nothing is found by words or facets of a body that was taken back; by what its statement
 * says, it is.
 *
 * @param words Undefined where none are asked for.
 */
export async function findMatches(
  deps: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  filters: SearchFilters,
  words: Words | undefined,
): Promise<Matches> {
  const inBody = bodyFacets.flatMap((name) => wordOf(name, filters[name as keyof SearchFilters]))
  const whole = filters.status === 'withdrawn' ? nothing : await findWhole(deps, db, viewer, filters, { words, inBody })
  const isAskedByBody =
    words !== undefined || inBody.length > 0 || filters.status === 'current' || filters.status === 'superseded'
  const takenBack = isAskedByBody ? [] : await listTakenBack(deps, db, viewer, filters)
  const { cells, ranked, superseded } = whole
  const current = cells.length / cellBytes - superseded
  const all = takenBack.length === 0 ? cells : Buffer.concat([cells, await cellsOf(deps, takenBack)])
  return { cells: all, ranked: words && ranked, status: { current, superseded, withdrawn: takenBack.length } }
}

function wordOf(name: FacetName, value: unknown): string[] {
  return typeof value === 'string' ? [facetWord(name, value)] : []
}

interface Whole {
  readonly cells: Buffer
  readonly ranked: ReadonlyMap<number, Buffer>
  readonly superseded: number
}

const nothing: Whole = { cells: Buffer.alloc(0), ranked: new Map(), superseded: 0 }

async function findWhole(
  { now }: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  filters: SearchFilters,
  { words, inBody }: { words: Words | undefined; inBody: readonly string[] },
): Promise<Whole> {
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const { iss, type, status } = filters
  const facets = [...inBody, ...wordOf('iss', iss), ...wordOf('type', type)]
  const conditions = conditionsOf(filters, 'search_open')
  if (status !== undefined) conditions.push(sql<SqlBool>`is_superseded = ${status === 'superseded'}`)
  const among = (reach: Expression<SqlBool>, match = words?.match) => {
    const query = [...(match === undefined ? [] : [`(${match})`]), ...facets].join(' & ')
    const matches = query === '' ? [] : [sql<SqlBool>`search_open.words @@ ${query}::tsquery`]
    return sql`from search_open where ${sql.join([reach, ...matches, ...conditions], sql` and `)}`
  }
  const { open, ask } = labelReachOf(viewer)
  const isTold = sql<SqlBool>`search_open.label <= ${open}`
  const isUntold = sql<SqlBool>`search_open.label >= ${ask}`
  const isOpen = sql<SqlBool>`${isUntold} and ${isOpenByRecord(viewer, nowSeconds)}`
  const hasFewShapes = (words !== undefined || facets.length > 0) && conditions.length === 0
  const titles = words?.titles ?? []
  const told = await gather(
    db,
    sql`select ${collected(isTold)}, coalesce(bool_or(${isUntold}), false) as more ${among(sql<SqlBool>`(${isTold} or ${isUntold})`)}`,
    { titles: titles.map((title) => among(isTold, title)), hasFewShapes },
  )
  if (!told.hasMore) return told
  const rest = await gather(db, sql`select ${collected(isUntold)}, false as more ${among(isOpen)}`, {
    titles: titles.map((title) => among(isOpen, title)),
    hasFewShapes: false,
  })
  return {
    cells: Buffer.concat([told.cells, rest.cells]),
    ranked: joinRanks(told.ranked, rest.ranked),
    superseded: told.superseded + rest.superseded,
  }
}

function collected(condition: Expression<SqlBool>): RawBuilder<unknown> {
  return sql`string_agg(cells, '') filter (where ${condition}) as cells,
    count(*) filter (where is_superseded and ${condition}) as superseded`
}

/** So many matches can be tens of thousands: sent in one piece they would be a string that is copied as it grows. */
function inParts(all: RawBuilder<unknown>): RawBuilder<unknown> {
  const size = sql.lit(partBytes)
  return sql`select 0 as rank, encode(substring(cells from part * ${size} + 1 for ${size}), 'base64') as found, superseded, more
    from (${all}) as all_of, generate_series(0, coalesce(length(cells) - 1, 0) / ${size}) as part`
}

/** As text 64 KiB, and no cell is cut in two. */
const partBytes = 48 * 1_024

interface Row {
  readonly rank: number
  /** Base64: two thirds of what bytes have as text, and sooner read. */
  readonly found: string | null
  readonly superseded: number
  readonly more: boolean
}

/**
 * All that matches, and of each rank above 0 the places, in one statement: so they are of one moment.
 *
 * @param hasFewShapes Nothing but words is asked for: whatever they are, their index gives the best plan.
 */
async function gather(
  db: Kysely<Tables>,
  all: RawBuilder<unknown>,
  { titles, hasFewShapes }: { titles: readonly RawBuilder<unknown>[]; hasFewShapes: boolean },
): Promise<Whole & { hasMore: boolean }> {
  const ranked = titles.length > 0 ? sql`union all ${byRank(titles)}` : sql``
  const { rows } = await sql<Row>`${inParts(all)} ${ranked} ${hasFewShapes ? planIsKept : sql``}`.execute(db)
  const parts = rows.filter(({ rank }) => rank === 0)
  const levels = rows.filter(({ rank, found }) => rank > 0 && found !== null)
  return {
    cells: Buffer.concat(parts.map(({ found }) => bytesOf(found))),
    ranked: new Map(levels.map(({ rank, found }) => [rank, bytesOf(found)])),
    superseded: parts[0]?.superseded ?? 0,
    hasMore: parts[0]?.more ?? false,
  }
}

function bytesOf(found: string | null): Buffer {
  return found === null ? nothing.cells : Buffer.from(found, 'base64')
}

function byRank(titles: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  const place = sql`substring(cells from 1 for ${sql.lit(placeBytes)})`
  const [only, ...others] = titles
  if (only && others.length === 0) return sql`select 1, encode(string_agg(${place}, ''), 'base64'), 0, false ${only}`
  const inTitles = titles.map((title) => sql`select ${place} as place ${title}`)
  return sql`select rank, encode(string_agg(place, ''), 'base64'), 0, false from (
    select place, count(*)::int as rank from (${sql.join(inTitles, sql` union all `)}) as titles group by place
  ) as ranked group by rank`
}

function joinRanks(a: Whole['ranked'], b: Whole['ranked']): Whole['ranked'] {
  const ranks = new Set([...a.keys(), ...b.keys()])
  return new Map(
    [...ranks].map((rank) => [rank, Buffer.concat([a.get(rank) ?? nothing.cells, b.get(rank) ?? nothing.cells])]),
  )
}

/** The rule for rows of the index whose label does not say it. `offset 0`: see `isOpenTo`. */
function isOpenByRecord(viewer: Viewer, nowSeconds: number): Expression<SqlBool> {
  return sql<SqlBool>`exists (
    select from record join log on log.id = record.log
    where record.log = search_open.log and record.position = search_open.position and ${isOpenTo(viewer, nowSeconds)}
    offset 0)`
}

/** What a statement says, by columns. `iss` and `type` are words of the index too. */
function conditionsOf(
  { tlp, year, since, until }: SearchFilters,
  table: 'record' | 'search_open',
): Expression<SqlBool>[] {
  const row = sql.table(table)
  const from = [secondsOf(year && `${year}-01-01`), secondsOf(since)]
  const to = [secondsOf(year && `${year + 1}-01-01`), nextDay(until)]
  return [
    ...(tlp === undefined ? [] : [sql<SqlBool>`${row}.tlp = ${tlp}`]),
    ...from.flatMap((at) => (at === undefined ? [] : [sql<SqlBool>`${row}.iat >= ${at}`])),
    ...to.flatMap((at) => (at === undefined ? [] : [sql<SqlBool>`${row}.iat < ${at}`])),
  ]
}

function secondsOf(day: string | false | 0 | undefined): number | undefined {
  return day ? Date.parse(`${day}T00:00:00Z`) / 1_000 : undefined
}

function nextDay(day: string | undefined): number | undefined {
  const seconds = secondsOf(day)
  return seconds === undefined ? undefined : seconds + 86_400
}

async function listTakenBack(deps: Deps, db: Kysely<Tables>, viewer: Viewer, filters: SearchFilters) {
  const { iss, type } = filters
  return selectOpen(deps, db, viewer, { ...(iss !== undefined && { iss }), ...(type !== undefined && { type }) })
    .innerJoin('withdrawn', (join) =>
      join.onRef('withdrawn.log', '=', 'record.log').onRef('withdrawn.record_id', '=', 'record.record_id'),
    )
    .whereRef('withdrawn.position', '<', 'log.size')
    .select('record.tlp')
    .where(({ and }) => and(conditionsOf(filters, 'record')))
    .execute()
}

async function cellsOf(deps: Deps, rows: Awaited<ReturnType<typeof listTakenBack>>): Promise<Buffer> {
  const heads = await internFacetSets(deps, rows.map(headSetOf))
  const [none = 0] = await internFacetSets(deps, [{}])
  const placeOf = ({ iat, log, position }: Place) => ({ iat: Math.min(iat, lastMoment), log, position })
  return writeCells(rows.map((row, i) => ({ place: placeOf(row), sets: [heads[i] ?? none, none, none, none, none] })))
}
