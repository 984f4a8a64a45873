import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface Test {
  teardown(end: () => unknown): void
}

/** A real server on loopback that answers as the test says; ended with the test. Returns its base URL. */
export async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers every request with one JSON value. */
export function answering(value: unknown, status = 200): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
}

/** Answers with a problem (RFC 9457). */
export function failing(
  problem: { code: string; status: number },
  headers: Record<string, string> = {},
): RequestListener {
  return (_, response) => {
    response.writeHead(problem.status, { 'content-type': 'application/problem+json', ...headers })
    response.end(JSON.stringify({ type: `urn:concordance:problem:${problem.code}`, title: 'a title', ...problem }))
  }
}

export function readJson(request: Parameters<RequestListener>[0]): Promise<unknown> {
  return json(request)
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}
