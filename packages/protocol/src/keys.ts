import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { Type } from 'typebox'
import { decodeBase64url } from './base64url.ts'
import { refuseUnsafePoint } from './ed25519-point.ts'
import { ProtocolError } from './error.ts'
import { Base64url32, checkOf } from './schema.ts'

/** `Ed25519` (RFC 9864; never `EdDSA`), or `ES256` for hardware that has nothing else. */
export type Algorithm = 'Ed25519' | 'ES256'

/** A key has one purpose for ever, and every check names the purpose it expects. */
export type KeyPurpose = 'root' | 'record' | 'log' | 'request'

export type PublicJwk =
  | { kty: 'OKP'; crv: 'Ed25519'; x: string; alg: 'Ed25519'; use: 'sig' }
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string; alg: 'ES256'; use: 'sig' }

export type PrivateJwk = PublicJwk & { d: string }

/** A public key that has passed `parsePublicJwk`. */
export interface VerifyKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly alg: Algorithm
  readonly jwk: PublicJwk
  readonly keyObject: KeyObject
}

/** Signs bytes, wherever the private key is: in a file, a hardware module or a key service. */
export interface Signer {
  readonly alg: Algorithm
  readonly kid: string
  /** The raw signature, 64 bytes; for ES256 `r || s`, not DER. */
  sign(input: Uint8Array): Promise<Uint8Array>
}

/**
 * Accepts exactly the members of a public key in use here (RFC 7517, RFC 8037), and only points that are safe.
 *
 * @throws {ProtocolError} `KEY_MALFORMED` for private or unknown members, kinds and lengths, `KEY_REFUSED` for an
 *   Ed25519 point of low order or in a non-canonical encoding, and for a P-256 point off the curve.
 */
export function parsePublicJwk(value: unknown): PublicJwk {
  const jwk: PublicJwk = checkPublicJwk(value)
  if (jwk.kty === 'OKP') refuseUnsafePoint(decodeBase64url(jwk.x))
  else createKeyObject(jwk)
  return jwk
}

/** SHA-256 thumbprint (RFC 7638), base64url: the `kid` everywhere. */
export function thumbprint(jwk: PublicJwk): string {
  const { crv, kty, x } = jwk
  const required = jwk.kty === 'OKP' ? { crv, kty, x } : { crv, kty, x, y: jwk.y }
  return hash('sha256', JSON.stringify(required), 'base64url')
}

/** Makes a key ready for verification. The caller has passed it through `parsePublicJwk`. */
export function importVerifyKey(jwk: PublicJwk): VerifyKey {
  return { kid: thumbprint(jwk), alg: jwk.alg, jwk, keyObject: createKeyObject(jwk) }
}

/** A signer whose private key is in this process. */
export function createLocalSigner(jwk: PrivateJwk): Signer {
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  return { alg: jwk.alg, kid: thumbprint(jwk), sign: async (input) => signWith(key, jwk.alg, input) }
}

/** The public half, member by member, so that nothing private can be left in it. */
export function publicJwkOf(jwk: PrivateJwk): PublicJwk {
  if (jwk.kty === 'OKP') return { kty: 'OKP', crv: 'Ed25519', x: jwk.x, alg: 'Ed25519', use: 'sig' }
  return { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, alg: 'ES256', use: 'sig' }
}

/** The one function of this package that draws randomness: only the operating system's generator is good enough. */
export function generatePrivateJwk(alg: Algorithm): PrivateJwk {
  const pair = alg === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig' } as PrivateJwk
}

const closed = { additionalProperties: false } as const

const checkPublicJwk = checkOf(
  Type.Union([
    Type.Object(
      {
        kty: Type.Literal('OKP'),
        crv: Type.Literal('Ed25519'),
        x: Base64url32,
        alg: Type.Literal('Ed25519'),
        use: Type.Literal('sig'),
      },
      closed,
    ),
    Type.Object(
      {
        kty: Type.Literal('EC'),
        crv: Type.Literal('P-256'),
        x: Base64url32,
        y: Base64url32,
        alg: Type.Literal('ES256'),
        use: Type.Literal('sig'),
      },
      closed,
    ),
  ]),
  'public key',
  'KEY_MALFORMED',
)

/** Ed25519 takes the key as it is: options around it would be taken apart again for every signature. */
function signWith(key: KeyObject, alg: Algorithm, input: Uint8Array): Uint8Array {
  return alg === 'Ed25519' ? sign(null, input, key) : sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
}

function createKeyObject(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch (error) {
    throw new ProtocolError('KEY_REFUSED', 'the point is not on the curve', { cause: error })
  }
}
