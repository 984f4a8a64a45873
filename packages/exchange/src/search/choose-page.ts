import { comparePlaces, newestOf, type Place, placeBytes, placesOf } from './cells.ts'
import { type Cursor, formatCursor, parseCursor } from './cursor.ts'
import type { Matches } from './find-matches.ts'

interface Page {
  readonly places: readonly Place[]
  /** Absent on the last page. */
  readonly next?: string
}

/**
 * The places of one page: first what has most in its title of what was asked for, and of equals the newest. A record's rank
 * hangs on nothing but the question, so what comes meanwhile moves nothing that was not shown yet.
 *
 * @throws {ExchangeError} `invalid` for a cursor that no page gave.
 */
export function choosePage(
  { cells, ranked }: Pick<Matches, 'cells' | 'ranked'>,
  { cursor: text, limit }: { cursor: string | undefined; limit: number },
): Page {
  const cursor = text === undefined ? undefined : parseCursor(text)
  const from = ranked ? (cursor?.rank ?? 0) : 0
  const found: Required<Cursor>[] = []
  for (const rank of [...(ranked?.keys() ?? []), 0].sort((a, b) => b - a)) {
    if (found.length > limit || (cursor && rank > from)) continue
    const isAfter = cursor && rank === from ? isBehind(cursor.last) : undefined
    const places = ranked?.get(rank)
    const missing = limit + 1 - found.length
    const next = places
      ? newestOf(places, missing, isAfter, placeBytes)
      : newestOf(cells, missing, both(isAfter, isNotAmong([...(ranked?.values() ?? [])])))
    found.push(...next.map((last) => ({ last, rank })))
  }
  const end = found.length > limit ? found[limit - 1] : undefined
  const places = found.slice(0, limit).map(({ last }) => last)
  return { places, ...(end && { next: formatCursor(ranked ? end : { last: end.last }) }) }
}

type Condition = (place: Place) => boolean

function isBehind(last: Place): Condition {
  return (place) => comparePlaces(last, place) < 0
}

function isNotAmong(ranked: readonly Buffer[]): Condition | undefined {
  if (ranked.length === 0) return undefined
  const keyOf = ({ log, position }: Place) => `${log} ${position}`
  const keys = new Set(ranked.flatMap(placesOf).map(keyOf))
  return (place) => !keys.has(keyOf(place))
}

function both(a: Condition | undefined, b: Condition | undefined): Condition | undefined {
  return a && b ? (place) => a(place) && b(place) : (a ?? b)
}
