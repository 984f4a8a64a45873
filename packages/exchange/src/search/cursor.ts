import { ExchangeError } from '../error.ts'
import type { Place } from './cells.ts'

/** Where a page ended. It names nothing but records that were open to whoever was given it, and matched. */
export interface Cursor {
  readonly last: Place
  /**
   * By relevance: the last record's rank, and the first and last place of the records that were ranked. Absent behind those,
   * and where the order is by time.
   */
  readonly ranked?: { readonly rank: number; readonly first: Place; readonly to: Place }
}

export function formatCursor({ last, ranked }: Cursor): string {
  const parts = ranked ? [last, ranked.first, ranked.to] : [last]
  const places = parts.map(({ iat, log, position }) => `${iat}.${log}.${position}`)
  return Buffer.from(ranked ? `${places.join('/')}/${ranked.rank}` : places.join('/')).toString('base64url')
}

/** @throws {ExchangeError} `invalid` for a cursor that no page gave. */
export function parseCursor(text: string): Cursor {
  const [last, first, to, rank, ...more] = Buffer.from(text, 'base64url').toString('latin1').split('/')
  if (first === undefined) return { last: parsePlace(last) }
  if (more.length > 0 || rank === undefined || !/^\d(\.\d{1,20})?(e-\d{1,2})?$/.test(rank)) throw notGiven()
  return { last: parsePlace(last), ranked: { rank: Number(rank), first: parsePlace(first), to: parsePlace(to) } }
}

function parsePlace(text = ''): Place {
  const parts = /^(\d{1,12})\.(\d{1,5})\.(\d{1,12})$/.exec(text)
  if (!parts) throw notGiven()
  const [iat = 0, log = 0, position = 0] = parts.slice(1).map(Number)
  return { iat, log, position }
}

function notGiven(): ExchangeError {
  return new ExchangeError('invalid', 'no page gave this cursor')
}
