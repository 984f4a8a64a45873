import type { FacetName, SearchFilters } from '@concordance/protocol'
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { isOpenTo } from '../access/is-open-to.ts'
import { labelReachOf } from '../access/label-reach.ts'
import type { Viewer } from '../access/may-open.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { selectOpen } from '../select-open.ts'
import { cellBytes, lastMoment, type Place, writeCells } from './cells.ts'
import { internFacetSets } from './facet-sets.ts'
import { bodyFacets, facetWord, headSetOf } from './facets.ts'
import type { ParsedQuery } from './query.ts'

export type Words = Pick<ParsedQuery, 'match' | 'candidates' | 'isLoose'>

/** Everything that matches and is open to the viewer. */
export interface Matches {
  /** See `cells.ts`; in no order. */
  readonly cells: Buffer
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
  const { cells, superseded } = whole
  const current = cells.length / cellBytes - superseded
  const all = takenBack.length === 0 ? cells : Buffer.concat([cells, await cellsOf(deps, takenBack)])
  return { cells: all, status: { current, superseded, withdrawn: takenBack.length } }
}

function wordOf(name: FacetName, value: unknown): string[] {
  return typeof value === 'string' ? [facetWord(name, value)] : []
}

interface Whole {
  readonly cells: Buffer
  readonly superseded: number
}

const nothing: Whole = { cells: Buffer.alloc(0), superseded: 0 }

async function findWhole(
  { now }: Deps,
  db: Kysely<Tables>,
  viewer: Viewer,
  filters: SearchFilters,
  { words, inBody }: { words: Words | undefined; inBody: readonly string[] },
): Promise<Whole> {
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const { iss, type, status } = filters
  const candidates = words?.candidates === undefined ? [] : [`(${words.candidates})`]
  const asked = [...candidates, ...inBody, ...wordOf('iss', iss), ...wordOf('type', type)]
  const conditions = conditionsOf(filters, 'search_open')
  if (asked.length > 0) conditions.push(sql<SqlBool>`search_open.words @@ ${asked.join(' & ')}::tsquery`)
  if (words?.isLoose) conditions.push(matchesText(words.match))
  if (status !== undefined) conditions.push(sql<SqlBool>`is_superseded = ${status === 'superseded'}`)
  const { open, ask } = labelReachOf(viewer)
  const isTold = sql<SqlBool>`search_open.label <= ${open}`
  const isUntold = sql<SqlBool>`search_open.label >= ${ask}`
  const told = await db
    .selectFrom('search_open')
    .select([
      sql<Buffer | null>`string_agg(cells, '') filter (where ${isTold})`.as('cells'),
      sql<number>`count(*) filter (where is_superseded and ${isTold})`.as('superseded'),
      sql<boolean>`coalesce(bool_or(${isUntold}), false)`.as('hasUntold'),
    ])
    .where(({ and, or }) => and([or([isTold, isUntold]), ...conditions]))
    .executeTakeFirstOrThrow()
  const whole = { cells: told.cells ?? nothing.cells, superseded: told.superseded }
  if (!told.hasUntold) return whole
  const rest = await db
    .selectFrom('search_open')
    .select([sql<Buffer | null>`string_agg(cells, '')`.as('cells')])
    .select(sql<number>`count(*) filter (where is_superseded)`.as('superseded'))
    .where(({ and }) => and([isUntold, isOpenByRecord(viewer, nowSeconds), ...conditions]))
    .executeTakeFirstOrThrow()
  return {
    cells: Buffer.concat([whole.cells, rest.cells ?? nothing.cells]),
    superseded: whole.superseded + rest.superseded,
  }
}

/** Of each candidate, whether it matches indeed. */
function matchesText(match: string): Expression<SqlBool> {
  return sql<SqlBool>`exists (select from search_text
    where search_text.log = search_open.log and search_text.position = search_open.position
      and search_text.words @@ ${match}::tsquery)`
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
