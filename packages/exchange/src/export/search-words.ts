import type { SearchFilters } from '@concordance/protocol'

/** A search in words: what was typed, then each filter. */
export function describeSearch({ q, ...filters }: SearchFilters): string {
  const parts = entriesOf(filters).map(([name, value]) => `${name} ${value}`)
  const all = q === undefined ? parts : [q, ...parts]
  return all.length === 0 ? 'everything' : all.join('; ')
}

/** Address of a search below a node's base URL; the same search has one spelling. */
export function pathOf(path: string, filters: SearchFilters, others: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams([...entriesOf(filters), ...Object.entries(others)]).toString()
  return query === '' ? path : `${path}?${query}`
}

function entriesOf(filters: SearchFilters): [name: string, value: string][] {
  return Object.entries(filters)
    .map(([name, value]): [string, string] => [name, String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
