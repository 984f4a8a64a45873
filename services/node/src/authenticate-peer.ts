import { createHash } from 'node:crypto'
import { type Deps, findPeerKey, useRequestToken } from '@concordance/exchange'
import {
  emptyBodyDigest,
  type ProblemCode,
  ProtocolError,
  parseRequestTokenUnsafe,
  type RequestToken,
  verifyRequestToken,
} from '@concordance/protocol'
import type { FastifyRequest } from 'fastify'
import { HttpProblem } from './problems.ts'

/** The institute whose request token came with this request, and whose node is an active peer. */
export interface PeerCaller {
  readonly kind: 'peer'
  readonly iss: string
}

const scheme = 'Concordance '

export function hasRequestToken(request: FastifyRequest): boolean {
  return request.headers.authorization?.startsWith(scheme) ?? false
}

/**
 * Verifies the request token of a peer, cheapest first, after the body was read. Until the signature has verified every
 * refusal is the same; `jti` is used up last, so that a refused request costs nothing.
 *
 * @throws {HttpProblem} `unauthenticated`, `clock`, `audience`, `target`; ExchangeError `replay`, `store-unavailable`.
 */
export async function authenticatePeer(deps: Deps, request: FastifyRequest): Promise<PeerCaller> {
  const token = readToken(request)
  const { iss, jti, exp } = token.claims
  const key = await findPeerKey(deps, iss, token.jws.header.kid)
  if (!key) throw unauthenticated()
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  const body = request.rawBody
  try {
    verifyRequestToken(token, {
      key,
      audience: deps.identity.iss,
      method: request.method,
      target: request.raw.url ?? '',
      bodyDigest: body && body.length > 0 ? createHash('sha256').update(body).digest('base64url') : emptyBodyDigest,
      nowSeconds,
    })
  } catch (error) {
    throw refusalOf(error, nowSeconds)
  }
  await useRequestToken(deps, { iss, jti, exp })
  return { kind: 'peer', iss }
}

function readToken(request: FastifyRequest): RequestToken {
  const { authorization = '' } = request.headers
  if (!authorization.startsWith(scheme)) throw unauthenticated()
  try {
    return parseRequestTokenUnsafe(authorization.slice(scheme.length))
  } catch {
    throw unauthenticated() // why is nobody's business before a signature has verified
  }
}

const codes: Partial<Record<string, ProblemCode>> = {
  TOKEN_AUDIENCE: 'audience',
  TOKEN_TIME: 'clock',
  TOKEN_METHOD: 'target',
  TOKEN_TARGET: 'target',
  TOKEN_BODY: 'target',
}

function refusalOf(error: unknown, serverTime: number): HttpProblem {
  const code = error instanceof ProtocolError ? codes[error.code] : undefined
  if (code === undefined) return unauthenticated()
  return new HttpProblem(code, (error as ProtocolError).message, code === 'clock' ? { serverTime } : {})
}

function unauthenticated(): HttpProblem {
  return new HttpProblem('unauthenticated', 'no valid credential came with the request')
}
