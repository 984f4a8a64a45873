import { createPublicKey } from 'node:crypto'
import type { GuardedFetch } from '@concordance/client'
import { type JsonObject, parseJson, parsePublicJwk } from '@concordance/protocol'
import { NodeError } from '../error.ts'
import { type Kept, keep } from './keep.ts'

/** How the provider signs: one algorithm, by configuration. */
export type ProviderAlgorithm = (typeof providerAlgorithms)[number]
export const providerAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const

/** Public keys in PEM by `kid`: those of the pinned algorithm alone. */
export type ProviderKeys = ReadonlyMap<string, string>

const keysAtMost = 50
const kidCharactersAtMost = 200
const freshMs = 5 * 60_000
const usableMs = 60 * 60_000
const retryMs = 30_000

/** Keeps the key set of the provider. An unknown `kid` has it fetched again, at most once in 30 seconds. */
export function keepProviderKeys(
  algorithm: ProviderAlgorithm,
  { fetch, findAddress, clockMs }: Pick<GuardedFetch, 'fetch'> & { findAddress(): Promise<string>; clockMs(): number },
): Kept<ProviderKeys> {
  const load = async () => {
    const answer = await fetch(await findAddress(), { headers: { accept: 'application/json' } })
    if (answer.status !== 200) throw new NodeError('unavailable', 'the key set of the provider cannot be read')
    return parseKeys(Buffer.from(await answer.arrayBuffer()), algorithm)
  }
  return keep({ load, freshMs, usableMs, retryMs, clockMs })
}

/** Skips keys of another kind, and refuses what is ambiguous: two keys under one `kid` are none. */
export function parseKeys(bytes: Buffer, algorithm: ProviderAlgorithm): ProviderKeys {
  const { keys } = parseJson(bytes, { maxBytes: bytes.length + 1 }) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new NodeError('unavailable', 'the key set of the provider is none')
  const found = new Map<string, string>()
  const twice = new Set<string>()
  for (const jwk of keys.slice(0, keysAtMost)) {
    if (!isForSignatures(jwk, algorithm)) continue
    if (found.has(jwk.kid)) twice.add(jwk.kid)
    const pem = findPem(jwk, algorithm)
    if (pem !== undefined) found.set(jwk.kid, pem)
  }
  for (const kid of twice) found.delete(kid)
  return found
}

function isForSignatures(jwk: unknown, algorithm: ProviderAlgorithm): jwk is JsonObject & { readonly kid: string } {
  if (typeof jwk !== 'object' || jwk === null) return false
  const { kid, use, alg } = jwk as JsonObject
  const isNamed = typeof kid === 'string' && kid.length > 0 && kid.length <= kidCharactersAtMost
  return isNamed && (use === undefined || use === 'sig') && (alg === undefined || alg === algorithm)
}

function findPem({ kty, crv, x, y, n, e }: JsonObject, algorithm: ProviderAlgorithm): string | undefined {
  try {
    if (algorithm === 'RS256') return kty === 'RSA' ? pemOfRsa({ kty, n, e }) : undefined
    if (algorithm === 'ES256') return pemOf(parsePublicJwk({ kty, crv, x, y, alg: 'ES256', use: 'sig' }))
    return pemOf(parsePublicJwk({ kty, crv, x, alg: 'Ed25519', use: 'sig' }))
  } catch {
    return undefined // a key that cannot be used is as good as none
  }
}

/** RSA keys that are long enough (RFC 7518 §3.3), short enough to check quickly, and whose exponent is no joke. */
function pemOfRsa(jwk: object): string | undefined {
  const key = createPublicKey({ key: jwk as never, format: 'jwk' })
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  const isSafe = modulusLength >= 2_048 && modulusLength <= 8_192 && publicExponent >= 65_537n
  return isSafe ? key.export({ type: 'spki', format: 'pem' }).toString() : undefined
}

function pemOf(jwk: object): string {
  return createPublicKey({ key: jwk as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
}
