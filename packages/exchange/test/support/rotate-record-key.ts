import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createLocalSigner,
  generatePrivateJwk,
  type KeysetDocument,
  publicJwkOf,
  signKeyset,
  verifyKeyset,
} from '@concordance/protocol'
import type { Deps } from '../../src/deps.ts'

/** A document that retires the record key in use after a position and names a new one. */
export async function rotateRecordKey({ identity }: Deps, dataDir: string, { lastGood }: { lastGood: number }) {
  const previous = identity.keyset()
  const jwk = generatePrivateJwk('Ed25519')
  const retired = previous.document.keys.map((key) =>
    key.purpose === 'record' && key.revoked === undefined ? { ...key, revoked: lastGood } : key,
  )
  const document: KeysetDocument = {
    ...previous.document,
    seq: previous.document.seq + 1,
    prev: previous.digest,
    keys: [...retired, { jwk: publicJwkOf(jwk), purpose: 'record', from: lastGood + 1 }],
  }
  const root = createLocalSigner(JSON.parse(await readFile(join(dataDir, 'keys', 'root.jwk'), 'utf8')))
  const compact = await signKeyset(document, root)
  return { jwk, keyset: verifyKeyset(compact, { pin: identity.pin, iss: identity.iss, previous }) }
}
