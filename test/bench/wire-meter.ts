import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy on loopback that counts every byte of both directions: start lines, headers and bodies. */
export interface WireMeter {
  readonly url: string
  readonly bytes: number
  close(): Promise<void>
}

export async function openWireMeter(port: number): Promise<WireMeter> {
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from.setNoDelay())
      from.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        to.write(chunk)
      })
      from.on('error', () => to.destroy()) // one side broke: so does the other, as without the meter
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytes() {
      return bytes
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
