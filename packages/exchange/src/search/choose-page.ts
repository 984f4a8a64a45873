import { comparePlaces, newestOf, type Place } from './cells.ts'
import { type Cursor, formatCursor, parseCursor } from './cursor.ts'

export interface Ranked extends Place {
  readonly rank: number
}

/** So many of the newest matches are ranked. */
const rankedAtMost = 1_000
/** What has come between those since the first page is ranked with them. */
const rankedLaterAtMost = 2_000

interface Page {
  readonly places: readonly Place[]
  /** Absent on the last page. */
  readonly next?: string
}

/**
 * The places of one page. Ranked are the newest matches of the first page's time: later pages know first and last of
 * them, so that records that come meanwhile move nothing.
 *
 * @param rank Gives the rank of each place; where absent the newest come first.
 * @throws {ExchangeError} `invalid` for a cursor that no page gave.
 */
export async function choosePage(
  cells: Buffer,
  { cursor: text, limit }: { cursor: string | undefined; limit: number },
  rank?: (places: readonly Place[]) => Promise<Ranked[]>,
): Promise<Page> {
  const cursor = text === undefined ? undefined : parseCursor(text)
  if (!rank || (cursor && !cursor.ranked)) return pageOf(newestAfter(cells, cursor?.last, limit + 1), limit)
  const window = windowOf(cells, cursor?.ranked)
  const [first, to] = [cursor?.ranked?.first ?? window[0], cursor?.ranked?.to ?? window.at(-1)]
  if (!first || !to) return { places: [] }
  const ranked = (await rank(window)).sort(compareRanked)
  const left = cursor?.ranked ? ranked.filter(isBehind({ ...cursor.last, rank: cursor.ranked.rank })) : ranked
  const older = left.length > limit ? [] : newestAfter(cells, to, limit + 1 - left.length)
  const cursorAt = (place: Place): Cursor =>
    'rank' in place ? { last: place, ranked: { rank: (place as Ranked).rank, first, to } } : { last: place }
  return pageOf([...left.slice(0, limit + 1), ...older], limit, cursorAt)
}

function pageOf(places: readonly Place[], limit: number, cursorAt = (last: Place): Cursor => ({ last })): Page {
  const last = places.length > limit ? places[limit - 1] : undefined
  return { places: places.slice(0, limit), ...(last && { next: formatCursor(cursorAt(last)) }) }
}

function windowOf(cells: Buffer, ranked: Cursor['ranked']): Place[] {
  if (!ranked) return newestOf(cells, rankedAtMost)
  const { first, to } = ranked
  return newestOf(
    cells,
    rankedLaterAtMost,
    (place) => comparePlaces(first, place) <= 0 && comparePlaces(place, to) <= 0,
  )
}

function newestAfter(cells: Buffer, last: Place | undefined, count: number): Place[] {
  return newestOf(cells, count, last && ((place) => comparePlaces(last, place) < 0))
}

function compareRanked(a: Ranked, b: Ranked): number {
  return b.rank - a.rank || comparePlaces(a, b)
}

function isBehind(last: Ranked): (one: Ranked) => boolean {
  return (one) => compareRanked(last, one) < 0
}
