import { hash } from 'node:crypto'
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
import { findCredential, type PeerCaller, peerOf } from './caller.ts'
import { NodeError, unauthenticated } from './error.ts'

/**
 * First of three checks, before the body is read: the request token of an active peer, cheapest things first. Until
 * the signature has verified, every refusal is the same.
 *
 * @throws {NodeError} `unauthenticated`; then `clock`, `audience`, `target`.
 */
export async function authenticatePeer(deps: Deps, request: FastifyRequest): Promise<PeerCaller> {
  const token = readToken(request)
  const { claims, jws } = token
  const key = await findPeerKey(deps, claims.iss, jws.header.kid)
  if (!key) throw unauthenticated()
  const nowSeconds = Math.floor(deps.now().getTime() / 1_000)
  try {
    verifyRequestToken(token, {
      key,
      audience: deps.identity.iss,
      method: request.method,
      target: request.raw.url ?? '',
      bodyDigest: claims.bdg, // held against the body itself by `verifyBodyDigest`, once that is read
      nowSeconds,
    })
  } catch (error) {
    throw refusalOf(error, nowSeconds)
  }
  return { kind: 'peer', iss: claims.iss, claims }
}

/** Second check, on the raw body. @throws {NodeError} `target`. */
export async function verifyBodyDigest(request: FastifyRequest): Promise<void> {
  const { claims } = peerOf(request)
  const digest = request.rawBody ? hash('sha256', request.rawBody, 'base64url') : emptyBodyDigest
  if (digest !== claims.bdg) throw new NodeError('target', 'the token is for another body')
}

/** Last check: a refused request costs no write. @throws {ExchangeError} `replay`, `store-unavailable`. */
export async function useUpToken(deps: Deps, request: FastifyRequest): Promise<void> {
  const { iss, jti, exp } = peerOf(request).claims
  await useRequestToken(deps, { iss, jti, exp })
}

function readToken(request: FastifyRequest): RequestToken {
  const credential = findCredential(request, 'Concordance')
  if (credential === undefined) throw unauthenticated()
  try {
    return parseRequestTokenUnsafe(credential)
  } catch {
    throw unauthenticated() // why is nobody's business before a signature has verified
  }
}

const codes: Readonly<Record<string, ProblemCode>> = {
  TOKEN_AUDIENCE: 'audience',
  TOKEN_TIME: 'clock',
  TOKEN_METHOD: 'target',
  TOKEN_TARGET: 'target',
}

function refusalOf(error: unknown, serverTime: number): NodeError {
  const code = error instanceof ProtocolError ? codes[error.code] : undefined
  if (code === undefined) return unauthenticated()
  return new NodeError(code, (error as ProtocolError).message, code === 'clock' ? { serverTime } : {})
}
