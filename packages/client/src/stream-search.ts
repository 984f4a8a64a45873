import {
  api,
  ProtocolError,
  parseJson,
  parseSearchEvent,
  type QueryOf,
  type SearchEvent,
  type SearchSummary,
} from '@concordance/protocol'
import { type Client, maxAnswerBytes } from './create-client.ts'
import { ClientError } from './error.ts'
import { decodeText } from './read-bytes.ts'

export interface StreamedSearch {
  readonly query: QueryOf<typeof api.streamSearch>
  /** Called with each event as it arrives: `local` first, then one `institute` for each peer, then `summary`. */
  readonly onEvent: (event: SearchEvent) => void
  readonly signal?: AbortSignal
  /** Until the last byte; the budget of the search and 10,000 where absent. */
  readonly timeoutMs?: number
}

const defaultBudgetMs = 4_000
const graceMs = 10_000

/**
 * Runs a federated search and hands on what comes as it comes. Nothing is retried: what was handed on cannot be taken back.
 *
 * @returns the summary, which `onEvent` was given too.
 * @throws {ClientError} also the code of an event `problem`, and `ANSWER_MALFORMED` where the summary is missing.
 */
export function streamSearch(client: Client, search: StreamedSearch): Promise<SearchSummary> {
  const { query, signal, onEvent } = search
  const timeoutMs = search.timeoutMs ?? (query.budgetMs ?? defaultBudgetMs) + graceMs
  const input = { query, timeoutMs, retries: 0, ...(signal && { signal }) }
  return client.stream(api.streamSearch, input, async ({ chunks }) => {
    for await (const { event, data } of readEvents(chunks)) {
      const given = parseEvent(event, data)
      if (given.event === 'problem') throw problemOf(given.data)
      onEvent(given)
      if (given.event === 'summary') return given.data
    }
    throw new ClientError('ANSWER_MALFORMED', 'the stream of a search ends without its summary')
  })
}

interface RawEvent {
  readonly event: string
  readonly data: string
}

/** Server-sent events (WHATWG HTML §9.2): fields by line, an event by blank line, comments left out. */
async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawEvent> {
  let raw: { event: string; data: string[] } = { event: 'message', data: [] }
  for await (const line of readLines(chunks)) {
    if (line === '') {
      if (raw.data.length > 0) yield { event: raw.event, data: raw.data.join('\n') }
      raw = { event: 'message', data: [] }
      continue
    }
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === 'event') raw.event = value
    if (field === 'data') raw.data.push(value)
  }
}

const newline = 0x0a

async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      yield decodeText(Buffer.concat([...rest, chunk.subarray(from, at)]))
      rest = []
      size = 0
      from = at + 1
    }
    rest.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > maxAnswerBytes)
      throw new ClientError('ANSWER_TOO_LARGE', `an event of more than ${maxAnswerBytes} bytes`)
  }
}

function parseEvent(event: string, data: string): SearchEvent {
  try {
    return parseSearchEvent(event, parseJson(data, { maxBytes: maxAnswerBytes }))
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('ANSWER_MALFORMED', 'an event of a search is not what the contract gives', { cause })
  }
}

function problemOf({
  code,
  title,
  detail,
  remedy,
  status,
}: Extract<SearchEvent, { event: 'problem' }>['data']): ClientError {
  return new ClientError(code, detail ?? title, { status, remedy })
}
