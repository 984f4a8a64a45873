import { Agent, request } from 'node:http'

/**
 * A connection that is kept open and takes as little of the machine as it can: the typed client, which checks every answer,
 * takes half as much as the node, and it is the node that is measured.
 */
export interface BareCaller {
  /** @returns the answer's text. @throws where its status is another than expected. */
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
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    call: ({ method, path, headers, body, expected }) =>
      new Promise((resolve, reject) => {
        const sent = { ...headers, authorization: `Bearer ${token}`, ...(body !== undefined && contentOf(body)) }
        const asked = request(`${baseUrl}${path}`, { agent, method, headers: sent }, (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString()
            if (answer.statusCode === expected) resolve(text)
            else reject(new Error(`${method} ${path} was answered with ${answer.statusCode}: ${text}`))
          })
        })
        asked.on('error', reject).end(body)
      }),
    close: () => agent.destroy(),
  }
}

function contentOf(body: string) {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
}
