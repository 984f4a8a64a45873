import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createIdentity } from '@concordance/exchange'
import type { NodeFile } from './node-file.ts'

/**
 * Makes a node in an empty data folder: keys, first keyset document, `node.json`.
 *
 * @returns the pin: thumbprint of the root key, to be told to peers out of band.
 * @throws {ExchangeError} `conflict` when the folder holds a node already; ProtocolError `ISSUER`.
 */
export async function initNode(dataDir: string, file: NodeFile, now: Date): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const pin = await createIdentity(dataDir, { entityId: file.entityId, now })
  await writeFile(join(dataDir, 'node.json'), `${JSON.stringify(file, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  return pin
}
