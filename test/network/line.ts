import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a line does with an exchange. `pass` is the honest one. */
export type LineMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'hang' } // accepts and never answers
  | { readonly kind: 'cut' } // closes the connection at once
  | { readonly kind: 'alter'; alter(body: Buffer, path: string): Buffer } // hands on another body of any length

/** One exchange as somebody who listens on the line sees it. */
export interface Heard {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly request: Buffer
  readonly answer: Buffer
  /** Everything on the wire: start lines, headers and bodies of both directions. */
  readonly bytes: number
  /** Milliseconds of this process's clock (`performance.now`): when the question came, and when the answer had gone. */
  readonly askedAt: number
  readonly answeredAt: number
}

/** A proxy on loopback that stands between a node and its peer: the network attacker of the threat model. */
export interface Line {
  readonly url: string
  readonly heard: Heard[]
  mode: LineMode
  /** Origin of the node behind the line; setting it leads the line to another one. */
  target: string
  close(): Promise<void>
}

/** @param target Origin of the node behind the line. */
export async function openLine(target: string): Promise<Line> {
  const heard: Heard[] = []
  const line = { mode: { kind: 'pass' } as LineMode, target }
  const server = createServer((incoming, outgoing) => {
    if (line.mode.kind === 'hang') return
    if (line.mode.kind === 'cut') return void incoming.socket.destroy()
    void forward(line.target, incoming, outgoing, () => line.mode, heard).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    get mode() {
      return line.mode
    },
    set mode(mode) {
      line.mode = mode
    },
    get target() {
      return line.target
    },
    set target(origin) {
      line.target = origin
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  mode: () => LineMode,
  heard: Heard[],
): Promise<void> {
  const { method = 'GET', url = '/' } = incoming
  const askedAt = performance.now()
  const sent = await read(incoming)
  const headers = { ...incoming.headers, host: new URL(target).host }
  const onward = request(new URL(url, target), { method, headers, agent: false })
  outgoing.on('close', () => onward.destroy())
  onward.on('error', () => outgoing.destroy())
  onward.on('response', async (answer) => {
    const body = await read(answer)
    const now = mode()
    const given = now.kind === 'alter' ? now.alter(body, url) : body
    const { statusCode: status = 502 } = answer
    const bytes =
      wireBytes(incoming.rawHeaders, sent) + wireBytes(answer.rawHeaders, given) + method.length + url.length
    heard.push({
      method,
      path: url,
      status,
      request: sent,
      answer: given,
      bytes,
      askedAt,
      answeredAt: performance.now(),
    })
    const { 'transfer-encoding': _, ...kept } = answer.headers
    outgoing.writeHead(status, { ...kept, 'content-length': given.length })
    outgoing.end(given)
  })
  onward.end(sent)
}

function wireBytes(rawHeaders: readonly string[], body: Buffer): number {
  return body.length + rawHeaders.reduce((sum, part) => sum + part.length + 2, 0) + 24
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
  } catch {
    // The other side went away: what came so far is all there is.
  }
  return Buffer.concat(chunks)
}
