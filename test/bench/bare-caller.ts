import { connect } from 'node:net'

/**
 * A connection that is kept open and takes as little of the machine as it can: a client that does more takes half as much
 * as the node, and it is the node that is measured. One call at a time.
 */
export interface BareCaller {
  /** @returns the answer's text. @throws where its status is another than expected, or the connection ended. */
  call(asked: Asked): Promise<string>
  close(): void
}

interface Asked {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
  readonly expected: number
}

export function openBareCaller(baseUrl: string, token: string): BareCaller {
  const { hostname, host, port } = new URL(baseUrl)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let waiting: PromiseWithResolvers<Answer> | undefined
  let received: Buffer = Buffer.alloc(0)
  const fail = (error: Error) => waiting?.reject(error)
  socket.on('data', (part) => {
    received = received.length > 0 ? Buffer.concat([received, part]) : part
    const answer = answerIn(received)
    if (!answer) return
    received = Buffer.alloc(0)
    waiting?.resolve(answer)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`the connection to ${host} ended`)))

  return {
    async call({ method, path, headers, body = '', expected }) {
      waiting = Promise.withResolvers()
      const sent = { host, authorization: `Bearer ${token}`, ...headers, ...(body && contentOf(body)) }
      const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
      const { status, text } = await waiting.promise
      if (status !== expected) throw new Error(`${method} ${path} was answered with ${status}: ${text}`)
      return text
    },
    close: () => socket.destroy(),
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** What our node answers with, once all of it is here: a status line, headers with the length, and the body. */
function answerIn(received: Buffer): Answer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.toString('latin1', 0, end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer without its length: ${head}`)
  const body = received.subarray(end + 4)
  return body.length < Number(length) ? undefined : { status: Number(head.slice(9, 12)), text: body.toString() }
}

function contentOf(body: string) {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
}
