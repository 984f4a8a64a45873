import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'

/**
 * Notes in the data folder where this process listens, as `address.json`: `{"url": …, "pid": …}`. Commands beside the
 * node find it there; whoever reads it checks that the process lives, since a killed one leaves its note behind.
 *
 * @returns what takes the note away again, unless a later process has written its own.
 */
export function noteAddress(dataDir: string, url: string, logger: Logger): () => void {
  const path = join(dataDir, 'address.json')
  const note = `${JSON.stringify({ url, pid: process.pid })}\n`
  try {
    writeFileSync(path, note, { mode: 0o600 })
  } catch (error) {
    logger.warn({ err: error }, 'could not note the address in the data folder; commands beside the node need --url')
  }
  return () => {
    if (isWritten(path, note)) rmSync(path, { force: true })
  }
}

function isWritten(path: string, note: string): boolean {
  try {
    return readFileSync(path, 'utf8') === note
  } catch {
    return false // taken away with the folder, or never written
  }
}
