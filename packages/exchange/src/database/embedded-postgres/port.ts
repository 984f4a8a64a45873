import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Files } from './files.ts'

/** The port of the last start, if it is free again: clients that know the address find the server again. */
export async function findRememberedPort(files: Files): Promise<number | undefined> {
  const port = Number.parseInt(await readFile(files.port, 'utf8').catch(() => ''), 10)
  return port > 0 && (await isFree(port)) ? port : undefined
}

/**
 * A free port below the range from which systems take the ports of outgoing connections: there a client that keeps
 * knocking while the server restarts would in time be given the server's own port.
 */
export async function choosePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 30_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const probe = createServer()
    probe.once('error', () => settle(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => settle(true)))
  })
}
