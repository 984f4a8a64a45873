import type { Dispatcher } from 'undici'
import { ClientError } from './error.ts'
import { readProblem } from './problem.ts'
import { readBytes } from './read-bytes.ts'

/** The start of an answer of status 2xx whose media type was asked for. Its bytes are still to be read. */
export interface OpenAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly mediaType: string
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface AttemptRequest {
  /** Scheme, host and port. */
  readonly origin: string
  readonly method: Dispatcher.HttpMethod
  /** Path and query, exactly as they go into the request line. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  /** Media types accepted, without parameters. Not compared where the answer has no content. */
  readonly accepts: (mediaType: string) => boolean
  /** Covers everything up to the last byte; its reason is what the call fails with. */
  readonly signal: AbortSignal
}

/**
 * Sends one request once and hands the answer to `read` while it arrives. Redirects are never followed, nothing is
 * decompressed, and whatever `read` leaves unread is cut off. No coding is named: servers compress for those who name one.
 *
 * @throws {ClientError} a problem's code, `UNREACHABLE`, `REDIRECT_REFUSED`, `ENCODING_REFUSED`, `MEDIA_TYPE`,
 * `ANSWER_TOO_LARGE`, `PROBLEM_UNKNOWN`, or the reason of the signal.
 */
export async function attempt<T>(
  dispatcher: Dispatcher,
  request: AttemptRequest,
  read: (answer: OpenAnswer) => Promise<T>,
): Promise<T> {
  const { origin, method, target, headers, body, signal } = request
  try {
    signal.throwIfAborted()
    const response = await dispatcher.request({
      origin,
      path: target,
      method,
      headers,
      body: body ?? null,
      signal,
    })
    // A body that is destroyed after its reader left reports that to nobody else.
    response.body.on('error', () => {})
    try {
      return await read(await openAnswer(response, request.accepts))
    } finally {
      response.body.destroy()
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : asClientError(error)
  }
}

async function openAnswer(
  response: Dispatcher.ResponseData,
  accepts: (mediaType: string) => boolean,
): Promise<OpenAnswer> {
  const { statusCode: status, headers } = response
  if (status >= 300 && status < 400) {
    throw new ClientError('REDIRECT_REFUSED', `the answer is a redirect (${status})`, { status })
  }
  if (headers['content-encoding'] !== undefined) {
    throw new ClientError('ENCODING_REFUSED', 'the answer is compressed although nobody asked for that', { status })
  }
  const chunks: AsyncIterable<Uint8Array> = response.body
  const mediaType = mediaTypeOf(headers['content-type'])
  if (status < 200 || status >= 300) throw await readProblem({ status, headers, mediaType, chunks })
  if (status !== 204 && !accepts(mediaType)) {
    throw new ClientError('MEDIA_TYPE', `the answer is ${mediaType.slice(0, 100) || 'without a media type'}`, {
      status,
    })
  }
  if (status === 204) await readBytes(chunks, 0)
  return { status, headers, mediaType, chunks }
}

function mediaTypeOf(header: string | string[] | undefined): string {
  if (typeof header !== 'string') return ''
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function asClientError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ClientError) return error
  const code = String((error as { code?: unknown }).code ?? '')
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new ClientError('ANSWER_TOO_LARGE', 'headers too large', { cause: error })
  if (error.name === 'HTTPParserError')
    return new ClientError('ANSWER_MALFORMED', 'the answer is not HTTP', { cause: error })
  const isNetwork =
    code.startsWith('UND_ERR') ||
    /^(E[A-Z]+|ERR_(SSL|TLS)_.+|[A-Z_]*CERT[A-Z_]*|HOSTNAME_MISMATCH|UNABLE_TO_.+)$/.test(code)
  return isNetwork ? new ClientError('UNREACHABLE', reachOf(code), { cause: error }) : error
}

function reachOf(code: string): string {
  if (/CERT|ERR_TLS|ERR_SSL|UNABLE_TO|HOSTNAME/.test(code))
    return `the certificate of the host is not accepted (${code})`
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host name cannot be resolved (${code})`
  return `the connection failed or broke (${code})`
}
