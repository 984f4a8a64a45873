import {
  api,
  limits,
  type PageTrailer,
  ProtocolError,
  parseEntryLine,
  parseTrailerLine,
  type WireEntry,
} from '@concordance/protocol'
import type { OpenAnswer } from './attempt.ts'
import type { Client } from './create-client.ts'
import { ClientError } from './error.ts'
import { decodeText } from './read-bytes.ts'

export interface EntriesRequest {
  /** Position of the first entry. */
  readonly from: number
  /** 1 to 1,000; 1,000 where absent. */
  readonly limit?: number
  /** Seconds to wait for a first entry, 0 to 25; 0 where absent. */
  readonly waitSeconds?: number
  /** Items of the access feed read so far: a longer feed ends the wait too. */
  readonly accessAt?: number
  readonly signal?: AbortSignal
  /** Deadline apart from the wait; 30,000 where absent. */
  readonly timeoutMs?: number
}

/** One page of a log as it came. Nothing in it is verified but its form. */
export interface EntriesPage {
  readonly entries: readonly WireEntry[]
  readonly trailer: PageTrailer
  /** Size on the wire, headers apart. */
  readonly bytes: number
}

/**
 * Fetches one page of a peer's log and parses its lines as they arrive.
 *
 * @throws {ClientError} no page came, or one beyond its caps (`ANSWER_TOO_LARGE`).
 * @throws {ProtocolError} `PAGE`: what came is not a page, or lacks its last line.
 */
export function fetchEntries(client: Client, request: EntriesRequest): Promise<EntriesPage> {
  const { from, limit = limits.pageEntries, waitSeconds = 0, accessAt, signal, timeoutMs = 30_000 } = request
  const query = {
    from,
    ...(limit === limits.pageEntries ? {} : { limit }),
    ...(waitSeconds > 0 ? { wait: waitSeconds } : {}),
    ...(waitSeconds > 0 && accessAt !== undefined ? { accessAt } : {}),
  }
  const input = { query, timeoutMs: timeoutMs + waitSeconds * 1000, ...(signal ? { signal } : {}) }
  return client.stream(api.listEntries, input, (answer) => readPage(answer, limit))
}

/** A page ends with the entry that fills it, which may be one whole body with every quote escaped, and its trailer. */
const maxPageBytes = limits.pageBytes + 4 * limits.bodyBytes

async function readPage(answer: OpenAnswer, limit: number): Promise<EntriesPage> {
  const entries: WireEntry[] = []
  let bytes = 0
  let last: string | undefined // the newest line, held back because it may be the trailer
  let rest: Uint8Array[] = [] // the beginning of a line that is not complete yet
  for await (const chunk of answer.chunks) {
    bytes += chunk.length
    if (bytes > maxPageBytes) throw new ClientError('ANSWER_TOO_LARGE', `a page of more than ${maxPageBytes} bytes`)
    const end = chunk.lastIndexOf(newline) + 1
    if (end === 0) {
      rest.push(chunk)
      continue
    }
    for (const line of splitLines([...rest, chunk.subarray(0, end)])) {
      if (last !== undefined) entries.push(parseEntryLine(last))
      if (entries.length > limit) throw new ClientError('ANSWER_TOO_LARGE', `a page of more than ${limit} entries`)
      last = line
    }
    rest = end === chunk.length ? [] : [chunk.subarray(end)]
  }
  if (rest.length > 0) throw new ProtocolError('PAGE', 'a page ends in the middle of a line')
  return { entries, trailer: parseTrailerLine(last ?? ''), bytes }
}

const newline = 0x0a

/** Lines of bytes that end with a newline. A newline is never part of another character in UTF-8. */
function splitLines(parts: readonly Uint8Array[]): string[] {
  const [only] = parts
  const text = decodeText(parts.length === 1 && only ? only : Buffer.concat(parts))
  const lines = text.split('\n')
  lines.pop()
  return lines
}
