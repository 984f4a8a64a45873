import { type FacetName, facetNames, type SearchResult } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { countSets } from './cells.ts'
import { type FacetSet, readFacetSets } from './facet-sets.ts'

type Counts = SearchResult['facets']

/** Facets that are kept together, since they vary together: their sets are few, and what is counted. */
const partners = {
  system: ['subject', 'developer'],
  test: ['benchmark', 'protocol', 'objective'],
  risk: ['risk'],
  setting: ['language', 'phase'],
} as const satisfies Record<string, readonly FacetName[]>

/** Of what a body holds, for `search_entry`. */
export type BodySets = Readonly<Record<keyof typeof partners, FacetSet>>

/** @param facets As a record type describes a body: names that search does not know are left out. */
export function bodySetsOf(facets: Readonly<Record<string, string | readonly string[]>>): BodySets {
  const pick = (names: readonly FacetName[]): FacetSet =>
    Object.fromEntries(names.flatMap((name) => (valuesOf(facets[name]).length > 0 ? [[name, facets[name]]] : [])))
  return {
    system: pick(partners.system),
    test: pick(partners.test),
    risk: pick(partners.risk),
    setting: pick(partners.setting),
  }
}

/** Each value as one lexeme of the index: what is filtered by. */
export function facetLexemesOf(facets: FacetSet): string[] {
  return Object.entries(facets).flatMap(([name, values]) =>
    valuesOf(values)
      .filter((value) => value.length <= longestFilter)
      .map((value) => facetLexeme(name as FacetName, value)),
  )
}

/** Longer values are counted, and no filter can name them. */
const longestFilter = 300

/** It begins with a colon, which no word of a text has in it: nothing typed is a facet, nor the beginning of one. */
function facetLexeme(name: FacetName, value: string): string {
  return `:${name}:${value}`
}

/** The same as a query has it. */
export function facetWord(name: FacetName, value: string): string {
  return `'${facetLexeme(name, value).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** Facets that are in the body, and so among the words of the index. */
export const bodyFacets: readonly FacetName[] = Object.values(partners).flat()

/** Of a statement, for `search_entry.head`. */
export function headSetOf({ iss, type, tlp, iat }: { iss: string; type: string; tlp: string; iat: number }): FacetSet {
  return { iss, type, tlp, year: String(new Date(iat * 1_000).getUTCFullYear()) }
}

/**
 * Counts of every facet over all matches, most first.
 *
 * @param status By standing; only those above 0 are shown.
 */
export async function countFacets(
  deps: Deps,
  cells: Buffer,
  status: Readonly<Record<string, number>>,
): Promise<Counts> {
  const counts = countSets(cells)
  const sets = await readFacetSets(deps, counts.keys())
  const byName = new Map<string, Map<string, number>>(facetNames.map((name) => [name, new Map()]))
  for (const [id, count] of counts) {
    const set = sets.get(id)
    for (const name in set) {
      const ofName = byName.get(name)
      const values = set[name as FacetName]
      if (ofName === undefined || values === undefined) continue
      if (typeof values === 'string') addTo(ofName, values, count)
      else for (const value of new Set(values)) addTo(ofName, value, count)
    }
  }
  byName.set('status', new Map(Object.entries(status).filter(([, count]) => count > 0)))
  return Object.fromEntries([...byName].map(([name, ofName]) => [name, sorted(ofName)]))
}

function addTo(counts: Map<string, number>, value: string, count: number): void {
  if (value !== '') counts.set(value, (counts.get(value) ?? 0) + count)
}

function sorted(counts: ReadonlyMap<string, number>): Counts[string] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}

function valuesOf(values: string | readonly string[] | undefined): readonly string[] {
  if (values === undefined) return []
  return typeof values === 'string' ? (values === '' ? [] : [values]) : values
}
