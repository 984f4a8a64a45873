import { createHash } from 'node:crypto'
import { encodeBase64url, limits, type Signer, signRequestToken } from '@concordance/protocol'

/** What is about to be sent, exactly. Asked again for every attempt, so that each carries its own token. */
export interface OutgoingRequest {
  readonly method: string
  /** Path and query as they stand in the request line. */
  readonly target: string
  readonly body: Uint8Array
}

export type Authorize = (request: OutgoingRequest) => Promise<Record<string, string>> | Record<string, string>

/** For people and programs: a token the node's operator issued (RFC 6750). */
export function bearer(token: string): Authorize {
  const headers = { authorization: `Bearer ${token}` }
  return () => headers
}

export interface RequestTokenOptions {
  /** Entity id of the institute that asks. */
  readonly iss: string
  /** Entity id of the institute that is asked, exact; never its URL. */
  readonly aud: string
  /** Signs with a key of purpose `request`. */
  readonly signer: Signer
  readonly now: () => Date
  readonly random: (bytes: number) => Uint8Array
}

/** Between nodes: `Authorization: Concordance <JWS>`, a token for one request, valid for a minute. */
export function requestToken({ iss, aud, signer, now, random }: RequestTokenOptions): Authorize {
  return async ({ method, target, body }) => {
    const iat = Math.floor(now().getTime() / 1000)
    const bdg = encodeBase64url(createHash('sha256').update(body).digest())
    const jti = encodeBase64url(random(16))
    const exp = iat + limits.tokenLifetimeSeconds
    const token = await signRequestToken({ iss, aud, iat, exp, jti, htm: method, tgt: target, bdg }, signer)
    return { authorization: `Concordance ${token}` }
  }
}
