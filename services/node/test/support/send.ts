import { once } from 'node:events'
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Problem } from '@concordance/protocol'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; of a refusal a problem. */
  json<Value = Problem>(): Value
}

export interface Outgoing {
  readonly method?: string
  /** Sent exactly as it stands. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Bytes or text as they are; anything else as JSON. */
  readonly body?: unknown
}

/**
 * One request as it is written here: no client corrects it, follows it or reads it for us.
 *
 * @param agent Keeps connections for many requests; each has one of its own where absent.
 */
export async function send(
  url: string,
  { method = 'GET', path, headers = {}, body }: Outgoing,
  agent: Agent | false = false,
): Promise<Answer> {
  const payload =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const sent = { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers }
  const outgoing = request(url, { method, path, headers: sent, agent })
  outgoing.end(payload)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const received = await text(incoming)
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: received,
    json: <Value>() => JSON.parse(received) as Value,
  }
}
