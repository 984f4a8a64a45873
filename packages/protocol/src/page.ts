import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { limits } from './limits.ts'
import { Base64url16, Base64url32, Count, checkOf, JwsText } from './schema.ts'

/** One entry as it travels: what of it is open to the peer. */
export type WireEntry = {
  position: number
  /** Leaf hash, base64url: closed records and cover leaves look alike. */
  leaf: string
  state: 'hash' | 'statement' | 'open'
  /** Compact JWS, except in state `hash`. */
  statement?: string
  /** Canonical text of the body; only in state `open`, and there except for records without a body. */
  body?: string
}

/** Last line of a page; without it the page is discarded. */
export type PageTrailer = {
  /** Position the next page begins at. */
  next: number
  /** Coverage statement of this page, compact JWS. */
  coverage: string
  /** Newest checkpoint of the log, compact JWS; the page does not reach beyond its size. */
  checkpoint: string
  /** 16 random bytes under `openedDigest`: without them nobody else can guess from the statement what this peer is given. */
  salt: string
}

/** The line of an entry: members in this order, no white space, so that every byte of a page has a meaning. */
export function formatEntryLine({ position, leaf, state, statement, body }: WireEntry): string {
  return JSON.stringify({ position, leaf, state, statement, body })
}

/** The last line of a page. */
export function formatTrailerLine({ next, coverage, checkpoint, salt }: PageTrailer): string {
  return JSON.stringify({ next, coverage, checkpoint, salt })
}

/**
 * Parses one line exactly as `formatEntryLine` writes it. Nothing in it is verified yet.
 *
 * @throws {ProtocolError} `PAGE`.
 */
export function parseEntryLine(line: string): WireEntry {
  const entry = checkEntry(parseLine(line)) as WireEntry
  if (formatEntryLine(entry) !== line) throw notAsWritten()
  const { state, statement, body } = entry
  if ((state === 'hash') !== (statement === undefined) || (state !== 'open' && body !== undefined)) {
    throw new ProtocolError('PAGE', `an entry in state ${state} holds the wrong parts`)
  }
  return entry
}

/** As `parseEntryLine`, for the last line. @throws {ProtocolError} `PAGE`. */
export function parseTrailerLine(line: string): PageTrailer {
  const trailer = checkTrailer(parseLine(line))
  if (formatTrailerLine(trailer) !== line) throw notAsWritten()
  return trailer
}

const checkEntry = checkOf(
  Type.Object({
    position: Count,
    leaf: Base64url32,
    state: Type.Enum(['hash', 'statement', 'open']),
    statement: Type.Optional(JwsText),
    body: Type.Optional(Type.String()),
  }),
  'entry line',
  'PAGE',
)

const checkTrailer = checkOf(
  Type.Object({ next: Count, coverage: JwsText, checkpoint: JwsText, salt: Base64url16 }),
  'last line of a page',
  'PAGE',
)

function parseLine(line: string): unknown {
  if (line.length > limits.pageBytes) throw new ProtocolError('PAGE', `a line of more than ${limits.pageBytes} bytes`)
  try {
    return JSON.parse(line)
  } catch {
    // The message of the parser quotes the line, which may hold a closed body.
    throw new ProtocolError('PAGE', 'a line is not JSON')
  }
}

function notAsWritten(): ProtocolError {
  return new ProtocolError('PAGE', 'a line is not written as the protocol says, or holds other members')
}
