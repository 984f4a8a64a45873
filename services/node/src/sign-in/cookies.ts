import type { FastifyReply, FastifyRequest } from 'fastify'

/** The two cookies of a node, named for the scheme under which browsers reach it. */
export interface Cookies {
  /** Of a session that has begun. */
  readonly session: string
  /** Of a sign-in that is under way. */
  readonly signIn: string
  readonly isSecure: boolean
}

/** Over https no other host and no plain connection can set them: the prefix sees to that (RFC 6265bis §4.1.3.2). */
export function cookiesOf(baseUrl: string): Cookies {
  const isSecure = baseUrl.startsWith('https:')
  const prefix = isSecure ? '__Host-' : ''
  return { session: `${prefix}concordance-session`, signIn: `${prefix}concordance-sign-in`, isSecure }
}

/** Every value under a name: more than one means that somebody put one there. */
export function listCookies({ raw }: FastifyRequest, name: string): string[] {
  const pairs = (raw.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1))
}

/** The value under a name that stands there once. */
export function findCookie(request: FastifyRequest, name: string): string | undefined {
  const [only, ...others] = listCookies(request, name)
  return others.length === 0 ? only : undefined
}

/** @param value Of characters that need no quoting. @param maxAgeSeconds 0 takes the cookie away. */
export function setCookie(
  reply: FastifyReply,
  { isSecure }: Pick<Cookies, 'isSecure'>,
  { name, value, maxAgeSeconds }: { readonly name: string; readonly value: string; readonly maxAgeSeconds: number },
): void {
  const secure = isSecure ? '; Secure' : ''
  // Lax: the browser comes back from the provider by a link of another site, and has to be known there.
  const cookie = `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
  reply.header('set-cookie', cookie)
}
