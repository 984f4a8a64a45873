import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCompactUnsafe } from '@concordance/protocol'
import { Failure } from './failure.ts'

/** What this command reads of `node.json`; the node checks the whole of it. */
export interface NodeFile {
  readonly entityId?: string
  readonly baseUrl?: string
  readonly host?: string
  readonly port?: number
  readonly databaseUrl?: string
  readonly peers?: readonly { readonly iss: string; readonly pin: string }[]
}

/** Undefined where the folder holds no node. @throws {Failure} for a file that is not JSON. */
export function findNodeFile(dataDir: string): NodeFile | undefined {
  const path = join(dataDir, 'node.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    return JSON.parse(text) as NodeFile
  } catch (cause) {
    const remedy = `correct the file; \`concordance doctor --data ${dataDir}\` checks it`
    throw new Failure({ what: `could not read ${path}`, why: 'it is not JSON', remedy, code: 'CONFIG' }, { cause })
  }
}

/**
 * Thumbprint of the institute's own root key: whoever signed the first keyset document in the data folder, which only
 * the institute itself writes. The root key need not be there any more.
 */
export function findOwnPin(dataDir: string): string | undefined {
  try {
    const compact = readFileSync(join(dataDir, 'keys', 'keyset.jws'), 'utf8').trim()
    return parseCompactUnsafe(compact, 'concordance-keyset+jwt').header.kid
  } catch {
    return undefined // no keys here: the pin has to be given
  }
}
