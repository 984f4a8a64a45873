import type { SearchFilters } from '@concordance/protocol'
import { usageFailure } from './failure.ts'
import { labels, oneOf, statuses } from './one-of.ts'

/** What a search is narrowed to, as it is typed. */
export interface FilterOptions {
  readonly type?: string
  readonly iss?: string
  readonly subject?: string
  readonly developer?: string
  readonly benchmark?: string
  readonly protocol?: string
  readonly risk?: string
  readonly language?: string
  readonly phase?: string
  readonly objective?: string
  readonly tlp?: string
  readonly year?: number
  readonly status?: string
  readonly since?: string
  readonly until?: string
}

/** @throws {Failure} as a wrong command line. */
export function filtersOf(words: readonly string[], options: FilterOptions): SearchFilters {
  const { tlp, status, since, until, year } = options
  const { type, iss, subject, developer, benchmark, protocol, risk, language, phase, objective } = options
  const exact = { type, iss, subject, developer, benchmark, protocol, risk, language, phase, objective }
  const typed = words.join(' ').trim()
  return {
    ...(typed !== '' && { q: typed }),
    ...(Object.fromEntries(Object.entries(exact).filter(([, value]) => value !== undefined)) as typeof exact & object),
    ...oneOf('tlp', labels, tlp),
    ...oneOf('status', statuses, status),
    ...(year !== undefined && { year }),
    ...(since !== undefined && { since: dayOf('since', since) }),
    ...(until !== undefined && { until: dayOf('until', until) }),
  } as SearchFilters
}

function dayOf(name: string, text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  throw usageFailure(`--${name} ${text} is no day`, 'give it as 2026-03-01')
}
