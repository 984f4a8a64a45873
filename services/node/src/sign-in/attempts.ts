import { createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Deps } from '@concordance/exchange'
import { encodeBase64url } from '@concordance/protocol'

/** One sign-in under way in one browser. */
export interface Attempt {
  /** What the browser keeps: it proves that this node began the sign-in, in this browser. */
  readonly cookie: string
  readonly state: string
  readonly nonce: string
  /** PKCE (RFC 7636 §4.1). */
  readonly verifier: string
  /** Path on this node to go to afterwards. */
  readonly to: string
  /** Names this sign-in without giving it away, so that it can be counted once. */
  readonly digest: Buffer
}

export interface Attempts {
  begin(to: string): Attempt
  /** Undefined for anything but a cookie of `begin` that is not older than ten minutes. */
  resume(cookie: string): Attempt | undefined
}

export const attemptSeconds = 600

/**
 * Keeps nothing: state, nonce and verifier follow from the random part of the cookie and a key of this node, so that
 * beginning a thousand sign-ins leaves nothing behind.
 */
export function createAttempts(tokenSecret: string, { now, random }: Pick<Deps, 'now' | 'random'>): Attempts {
  const key = Buffer.from(hkdfSync('sha256', tokenSecret, '', 'concordance sign-in', 32))
  const derive = (purpose: string, text: string) => createHmac('sha256', key).update(`${purpose} ${text}`).digest()
  const attemptOf = (seed: string, to: string, cookie: string): Attempt => ({
    cookie,
    state: derive('state', seed).toString('base64url'),
    nonce: derive('nonce', seed).toString('base64url'),
    verifier: derive('verifier', seed).toString('base64url'),
    to,
    digest: hash('sha256', seed, 'buffer'),
  })
  return {
    begin(to) {
      const seed = encodeBase64url(random(32))
      const claim = `${seed}.${Math.floor(now().getTime() / 1_000)}.${Buffer.from(to).toString('base64url')}`
      return attemptOf(seed, to, `${claim}.${derive('cookie', claim).toString('base64url')}`)
    },
    resume(cookie) {
      const [, claim, seed, begun, to, mac] = form.exec(cookie) ?? []
      if (!claim || !seed || !begun || to === undefined || !mac) return undefined
      if (!timingSafeEqual(derive('cookie', claim), Buffer.from(mac, 'base64url'))) return undefined
      const ageSeconds = now().getTime() / 1_000 - Number(begun)
      if (ageSeconds < -1 || ageSeconds > attemptSeconds) return undefined
      return attemptOf(seed, Buffer.from(to, 'base64url').toString(), cookie)
    },
  }
}

const form = /^(([\w-]{43})\.(\d{1,12})\.([\w-]{1,700}))\.([\w-]{43})$/
