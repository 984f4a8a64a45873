import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createIdentity } from '@concordance/exchange'
import {
  createLocalSigner,
  emptyBodyDigest,
  encodeBase64url,
  type PrivateJwk,
  type RequestClaims,
  type Signer,
  signRequestToken,
} from '@concordance/protocol'
import type { Test } from 'tap'
import { createTestFolder } from './folder.ts'

/** Another institute: its keys, and nothing that runs. */
export interface TestPeer {
  readonly iss: string
  readonly pin: string
  /** First keyset document, compact. */
  readonly keyset: string
  readonly signers: Readonly<Record<'root' | 'record' | 'log' | 'request', Signer>>
  /** Claims of an honest request, fresh each time. */
  claims(path: string, changes?: Partial<RequestClaims>): RequestClaims
  /** Headers of an honest request, or of one with other claims. */
  headers(path: string, changes?: Partial<RequestClaims>): Promise<{ authorization: string }>
}

/** @param who.audience Entity id of the node it speaks to. */
export async function createPeer(
  t: Pick<Test, 'teardown'>,
  { iss, audience }: { iss: string; audience: string },
): Promise<TestPeer> {
  const folder = await createTestFolder(t)
  const pin = await createIdentity(folder, { entityId: iss, now: new Date() })
  const read = (name: string) => readFileSync(join(folder, 'keys', name), 'utf8').trim()
  const signer = (name: string) => createLocalSigner(JSON.parse(read(`${name}.jwk`)) as PrivateJwk)
  const signers = { root: signer('root'), record: signer('record'), log: signer('log'), request: signer('request') }
  const claims = (tgt: string, changes: Partial<RequestClaims> = {}): RequestClaims => {
    const iat = Math.floor(Date.now() / 1_000)
    const jti = encodeBase64url(randomBytes(16))
    return { iss, aud: audience, iat, exp: iat + 60, jti, htm: 'GET', tgt, bdg: emptyBodyDigest, ...changes }
  }
  return {
    iss,
    pin,
    keyset: read('keyset.jws'),
    signers,
    claims,
    headers: async (path, changes) => ({
      authorization: `Concordance ${await signRequestToken(claims(path, changes), signers.request)}`,
    }),
  }
}
