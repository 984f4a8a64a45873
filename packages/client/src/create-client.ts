import {
  type AnswerOf,
  type BodyOf,
  type HeadersOf,
  limits,
  type ParamsOf,
  parseAnswer,
  parseJson,
  type QueryOf,
  type RouteContract,
} from '@concordance/protocol'
import type { Dispatcher } from 'undici'
import { parseBaseUrl } from './address-guard.ts'
import { attempt, type OpenAnswer } from './attempt.ts'
import type { Authorize } from './authorize.ts'
import { withDeadline } from './deadline.ts'
import { ClientError } from './error.ts'
import { decodeText, readBytes } from './read-bytes.ts'
import { retry } from './retry.ts'
import { targetOf } from './target.ts'
import { Agent } from './undici.ts'

export interface ClientOptions {
  /** Where the node is, such as `https://node.institute.example`; a path is kept as a prefix. */
  readonly baseUrl: string
  /** Headers that say who asks; absent asks as the public. */
  readonly authorize?: Authorize
  /** Absent, the client has connections of its own, that no proxy setting of the environment changes. */
  readonly dispatcher?: Dispatcher
  /** From the first try to the last byte, retries included; 30,000 where absent. */
  readonly timeoutMs?: number
  /** Tries after the first one, of calls that may be repeated; 2 where absent. */
  readonly retries?: number
}

type Filled<Name extends string, Value> = [Value] extends [undefined]
  ? { readonly [N in Name]?: never }
  : Record<string, never> extends Value
    ? { readonly [N in Name]?: Value }
    : { readonly [N in Name]: Value }

/** What a route takes, by its contract. */
export type CallInput<R extends RouteContract> = Filled<'params', ParamsOf<R>> &
  Filled<'query', QueryOf<R>> &
  Filled<'headers', HeadersOf<R>> &
  Filled<'body', BodyOf<R>> &
  CallOptions

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Instead of the client's own. */
  readonly timeoutMs?: number
  /** What is sent is made ready and signed at once, and held back until this resolves. */
  readonly sendAfter?: Promise<void>
  /** Instead of the client's own; 0 where what arrived cannot be taken back. */
  readonly retries?: number
}

/** An answer with the headers it came with. */
export interface Answer<R extends RouteContract> {
  readonly status: number
  readonly headers: OpenAnswer['headers']
  readonly body: AnswerOf<R>
}

export interface Client {
  readonly baseUrl: string
  /**
   * Calls one route of the contract and returns its answer, checked against the contract's schema; a text answer
   * (`application/jwt`, a body) as a string.
   *
   * @throws {ClientError}
   */
  call<R extends RouteContract>(route: R, input: CallInput<R>): Promise<AnswerOf<R>>
  /** As `call`, with status and headers. */
  ask<R extends RouteContract>(route: R, input: CallInput<R>): Promise<Answer<R>>
  /** As `call`, but `read` gets the answer while it arrives, and caps what it reads. A retry begins `read` anew. */
  stream<R extends RouteContract, T>(
    route: R,
    input: CallInput<R>,
    read: (answer: OpenAnswer) => Promise<T>,
  ): Promise<T>
  /** Ends its own connections; a dispatcher that was passed in stays open. */
  close(): Promise<void>
}

/**
 * A typed caller of a node's API: the contract's values give the paths, the types and the checks.
 *
 * @throws {ClientError} `URL_REFUSED`
 */
export function createClient(options: ClientOptions): Client {
  const url = parseBaseUrl(options.baseUrl)
  const dispatcher =
    options.dispatcher ?? new Agent({ connect: { timeout: connectTimeoutMs }, connections: 8, allowH2: false })
  const connection = { ...options, dispatcher, origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') }
  const ask: Client['ask'] = (route, input) => send(connection, route, input, (answer) => readAnswer(route, answer))
  return {
    baseUrl: url.origin + connection.prefix,
    ask,
    call: async (route, input) => (await ask(route, input)).body,
    stream: (route, input, read) => send(connection, route, input, read),
    close: async () => {
      if (!options.dispatcher) await dispatcher.destroy()
    },
  }
}

/** How long a connection may take to come about. */
export const connectTimeoutMs = 5000

const defaultTimeoutMs = 30_000
const defaultRetries = 2

/** A page of 200 records, or one record whose body's quotes are all escaped. */
export const maxAnswerBytes = 2 * limits.pageBytes

interface Connection extends ClientOptions {
  readonly dispatcher: Dispatcher
  readonly origin: string
  readonly prefix: string
}

/** The input of any route, seen from inside. */
interface AnyInput extends CallOptions {
  readonly params?: Record<string, string | number>
  readonly query?: Record<string, string | number | boolean | undefined>
  readonly headers?: Record<string, string | undefined>
  readonly body?: unknown
}

async function send<R extends RouteContract, T>(
  connection: Connection,
  route: R,
  input: CallInput<R>,
  read: (answer: OpenAnswer) => Promise<T>,
): Promise<T> {
  const {
    params,
    query,
    headers,
    body,
    signal,
    sendAfter,
    timeoutMs,
    retries = connection.retries ?? defaultRetries,
  } = input as AnyInput
  const target = connection.prefix + targetOf(route.url, params, query)
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
  const given = headersOf(route, headers, bytes)
  const isIdempotent = route.method !== 'POST' || given['idempotency-key'] !== undefined
  return withDeadline({ timeoutMs: timeoutMs ?? connection.timeoutMs ?? defaultTimeoutMs, signal }, (deadline) =>
    retry({ retries, isIdempotent, signal: deadline }, async () => {
      const outgoing = { method: route.method, target, body: bytes ?? new Uint8Array(0) }
      const authorization = await connection.authorize?.(outgoing)
      await sendAfter
      const request = {
        ...outgoing,
        origin: connection.origin,
        headers: { ...given, ...authorization },
        body: bytes,
        accepts: acceptsOf(route),
        signal: deadline,
      }
      return attempt(connection.dispatcher, request, read)
    }),
  )
}

function headersOf(
  route: RouteContract,
  given: Record<string, string | undefined> = {},
  body: Uint8Array | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: isText(route) ? (route.produces?.join(', ') ?? '*/*') : 'application/json',
  }
  if (body) headers['content-type'] = 'application/json'
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers[name.toLowerCase()] = value
  return headers
}

/** A text answer without a media type of its own is a body: its statement names the type. */
function acceptsOf(route: RouteContract): (mediaType: string) => boolean {
  if (!isText(route)) return (mediaType) => mediaType === 'application/json'
  const { produces } = route
  if (produces) return (mediaType) => produces.includes(mediaType)
  return (mediaType) => /^application\/vnd\.concordance\.[a-z-]{1,40}\+json$/.test(mediaType)
}

function isText(route: RouteContract): boolean {
  const schema = route.schema.response[200] as { readonly type?: unknown } | undefined
  return schema?.type === 'string'
}

async function readAnswer<R extends RouteContract>(route: R, answer: OpenAnswer): Promise<Answer<R>> {
  const { status, headers } = answer
  const text = status === 204 ? '' : decodeText(await readBytes(answer.chunks, maxAnswerBytes))
  return { status, headers, body: parseText(route, status, text) }
}

function parseText<R extends RouteContract>(route: R, status: number, text: string): AnswerOf<R> {
  try {
    const value = status === 204 ? null : isText(route) ? text : parseJson(text, { maxBytes: maxAnswerBytes })
    return parseAnswer(route, status, value)
  } catch (cause) {
    throw new ClientError('ANSWER_MALFORMED', `the answer to ${route.operationId} is not what the contract gives`, {
      cause,
    })
  }
}
