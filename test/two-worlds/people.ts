import { hash } from 'node:crypto'
import { audienceOf } from '@concordance/node'
import { emptyBodyDigest, type Scope } from '@concordance/protocol'
import { hmac, writeJwt } from '../../services/node/test/support/jwt.ts'
import { type Answer, type Outgoing, send } from '../../services/node/test/support/send.ts'
import { hand, ids, type Viewer } from './history.ts'
import type { Founding, World } from './world.ts'

/** Those who ask with a token; the last one has worked on everything. */
export const programs: readonly { jti: string; subject: string; staff: boolean; scopes: readonly Scope[] }[] = [
  { jti: 'token-researcher', subject: 'researcher', staff: false, scopes: ['read'] },
  { jti: 'token-staff', subject: 'staff', staff: true, scopes: ['read', 'draft', 'publish'] },
  { jti: 'token-hand', subject: hand, staff: true, scopes: ['read', 'draft', 'publish'] },
]

/** One request as it goes to several worlds, byte for byte. */
export interface Signed extends Outgoing {
  readonly headers: Readonly<Record<string, string>>
}

export type Asker = Viewer | 'member' | 'hand'

/** Puts the credential of the one who asks on a request. */
export async function sign({ peers, secret }: Founding, asker: Asker, asked: Outgoing, at: Date): Promise<Signed> {
  const headers = asked.headers as Record<string, string> | undefined
  if (asker === 'anonymous') return { ...asked, headers: { ...headers } }
  if (asker === 'researcher' || asker === 'staff' || asker === 'hand') {
    return { ...asked, headers: { ...headers, authorization: `Bearer ${tokenOf(secret, asker)}` } }
  }
  const { method: htm = 'GET', path, body } = asked
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const bdg = payload === undefined ? emptyBodyDigest : hash('sha256', payload, 'base64url')
  const iat = Math.floor(at.getTime() / 1_000)
  const { authorization } = await peers[asker].headers(path, { htm, bdg, iat, exp: iat + 60 })
  return { ...asked, body: payload, headers: { ...headers, authorization } }
}

export function ask({ url }: World, signed: Signed): Promise<Answer> {
  return send(url, signed)
}

function tokenOf(secret: string, asker: 'researcher' | 'staff' | 'hand'): string {
  const jti = `token-${asker}`
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { sub: asker === 'hand' ? hand : asker, jti, iss: ids.own, aud: audienceOf(ids.own), iat }
  return writeJwt({ alg: 'HS256', typ: 'concordance-api+jwt' }, { ...claims, exp: iat + 3_600 }, hmac(secret))
}
