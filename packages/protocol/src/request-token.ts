import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { ProtocolError, type ProtocolErrorCode } from './error.ts'
import { type CompactJws, parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import type { Signer, VerifyKey } from './keys.ts'
import { limits } from './limits.ts'
import { Base64url16, Base64url32, Count, checkOf, EntityIdText } from './schema.ts'

/** One request of one node to another, good for one use. Times are seconds since the epoch. */
export type RequestClaims = {
  /** Entity id of the asking institute. */
  iss: string
  /** Entity id of the answering institute, exactly; never its URL. */
  aud: string
  iat: number
  /** At most 60 s after `iat`. */
  exp: number
  /** 16 random bytes; every retry draws new ones. */
  jti: string
  /** HTTP method, upper case. */
  htm: string
  /** Request target exactly as sent: path and query. */
  tgt: string
  /** Base64url SHA-256 of the raw body. */
  bdg: string
}

export interface RequestToken {
  readonly claims: RequestClaims
  readonly jws: CompactJws
}

/** Base64url SHA-256 of no bytes: `bdg` of a request without a body. */
export const emptyBodyDigest: string = hash('sha256', '', 'base64url')

/** @throws {ProtocolError} `SCHEMA`, or `TOKEN_TIME` for a lifetime above 60 s. */
export async function signRequestToken(claims: RequestClaims, signer: Signer): Promise<string> {
  refuseLifetime(checkClaims(claims))
  return signCompact('concordance-request+jwt', claims, signer)
}

/**
 * Unsafe: nothing is verified. `claims.iss` and `jws.header.kid` say which key to look up, and nothing else.
 *
 * @throws {ProtocolError} `SCHEMA` and the codes of `parseCompactUnsafe`.
 */
export function parseRequestTokenUnsafe(compact: string): RequestToken {
  const jws = parseCompactUnsafe(compact, 'concordance-request+jwt', limits.tokenBytes)
  return { claims: checkClaims(jws.payload), jws }
}

/**
 * Verifies a token against the request it came with. The signature comes first: only its holder learns, by a code of
 * its own, what else is wrong. That `jti` was never used is for the caller to check, last.
 *
 * @param expected.key Key of `claims.iss` with purpose `request`.
 * @param expected.bodyDigest Base64url SHA-256 of the raw body; `emptyBodyDigest` where there is none.
 * @throws {ProtocolError} `KEY_UNKNOWN`, `ALGORITHM_REFUSED`, `SIGNATURE_INVALID`, then `TOKEN_AUDIENCE`, `TOKEN_TIME`,
 *   `TOKEN_METHOD`, `TOKEN_TARGET` or `TOKEN_BODY`.
 */
export function verifyRequestToken(
  token: RequestToken,
  expected: {
    key: VerifyKey
    audience: string
    method: string
    target: string
    bodyDigest: string
    nowSeconds: number
  },
): void {
  const { claims } = token
  verifyCompact(token.jws, expected.key)
  refuseOther('TOKEN_AUDIENCE', claims.aud, expected.audience)
  refuseLifetime(claims)
  refuseTime(claims, expected.nowSeconds)
  refuseOther('TOKEN_METHOD', claims.htm, expected.method)
  refuseOther('TOKEN_TARGET', claims.tgt, expected.target)
  refuseOther('TOKEN_BODY', claims.bdg, expected.bodyDigest)
}

const checkClaims: (value: unknown) => RequestClaims = checkOf(
  Type.Object({
    iss: EntityIdText,
    aud: EntityIdText,
    iat: Count,
    exp: Count,
    jti: Base64url16,
    htm: Type.String({ pattern: '^[A-Z]{3,10}$' }),
    tgt: Type.String({ pattern: '^/[\\x21-\\x7e]*$', maxLength: limits.targetBytes }),
    bdg: Base64url32,
  }),
  'request token',
)

function refuseLifetime({ iat, exp }: RequestClaims): void {
  if (exp <= iat || exp - iat > limits.tokenLifetimeSeconds) {
    throw new ProtocolError('TOKEN_TIME', `a token lives for 1 to ${limits.tokenLifetimeSeconds} seconds`)
  }
}

function refuseTime({ iat, exp }: RequestClaims, nowSeconds: number): void {
  if (iat > nowSeconds + limits.skewSeconds) throw new ProtocolError('TOKEN_TIME', 'the token is from the future')
  if (exp < nowSeconds - limits.skewSeconds) throw new ProtocolError('TOKEN_TIME', 'the token has expired')
}

function refuseOther(code: ProtocolErrorCode, claimed: string, expected: string): void {
  if (claimed !== expected) throw new ProtocolError(code, 'the token is for another request')
}
