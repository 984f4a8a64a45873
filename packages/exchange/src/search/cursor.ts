import { ExchangeError } from '../error.ts'
import type { Place } from './cells.ts'

/** Where a page ended. It names nothing but a record that was open to whoever was given it, and matched. */
export interface Cursor {
  readonly last: Place
  /** By relevance: of that record. Absent where the order is by time. */
  readonly rank?: number
}

export function formatCursor({ last: { iat, log, position }, rank }: Cursor): string {
  const parts = [iat, log, position, ...(rank === undefined ? [] : [rank])]
  return Buffer.from(parts.join('.')).toString('base64url')
}

/** @throws {ExchangeError} `invalid` for a cursor that no page gave. */
export function parseCursor(text: string): Cursor {
  const written = Buffer.from(text, 'base64url').toString('latin1')
  const parts = /^(\d{1,12})\.(\d{1,5})\.(\d{1,12})(?:\.(\d))?$/.exec(written)
  if (!parts) throw new ExchangeError('invalid', 'no page gave this cursor')
  const [iat = 0, log = 0, position = 0] = parts.slice(1, 4).map(Number)
  return { last: { iat, log, position }, ...(parts[4] !== undefined && { rank: Number(parts[4]) }) }
}
