import type { Agent } from 'node:http'
import { type Answer, type Outgoing, send } from './send.ts'

/** A browser as far as signing in goes: it keeps cookies, follows links when told to, and says where a request comes from. */
export interface Browser {
  /** Cookies of the node, by name. */
  readonly cookies: Map<string, string>
  /** One request to the node with these cookies. */
  ask(outgoing: Outgoing): Promise<Answer>
  /** Begins to sign in; returns where the provider sends the browser back to, as path and query, which was not yet opened. */
  visitProvider(account: string, path?: string): Promise<string>
  /** Signs in and opens the way back. */
  signIn(account: string): Promise<Answer>
}

/**
 * @param nodeUrl Where the node listens.
 * @param baseUrl Where it says it can be reached, and the provider sends people.
 * @param agent See `send`.
 */
export function openBrowser(nodeUrl: string, baseUrl: string, agent: Agent | false = false): Browser {
  const cookies = new Map<string, string>()
  const ask = async ({ headers = {}, ...outgoing }: Outgoing) => {
    const answer = await send(nodeUrl, { ...outgoing, headers: { ...cookieHeader(cookies), ...headers } }, agent)
    keepCookies(cookies, answer)
    return answer
  }
  const visitProvider = async (account: string, path = '/v1/sign-in') => {
    const started = await ask({ path })
    if (started.status !== 303) throw new Error(`sign-in answers ${started.status}: ${started.text}`)
    const back = await followTo(baseUrl, String(started.headers.location), account)
    return back.slice(baseUrl.length)
  }
  return {
    cookies,
    ask,
    visitProvider,
    signIn: async (account) => ask({ path: await visitProvider(account) }),
  }
}

/**
 * Walks through the pages of the provider until they lead to `target`.
 *
 * @returns that address.
 */
export async function followTo(target: string, start: string, account: string): Promise<string> {
  const cookies = new Map<string, string>()
  let address = start
  for (let step = 0; step < 10; step += 1) {
    if (address.startsWith(target)) return address
    const url = new URL(address)
    if (url.pathname.startsWith('/interaction/')) url.searchParams.set('account', account)
    const answer = await send(url.origin, { path: url.pathname + url.search, headers: cookieHeader(cookies) })
    keepCookies(cookies, answer)
    if (!answer.headers.location) throw new Error(`the provider answers ${answer.status}: ${answer.text.slice(0, 500)}`)
    address = new URL(answer.headers.location, url).href
  }
  throw new Error('the provider leads nowhere')
}

function cookieHeader(cookies: ReadonlyMap<string, string>): Record<string, string> {
  return cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
}

function keepCookies(cookies: Map<string, string>, { headers }: Answer): void {
  for (const line of headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '' || /max-age=0(;|$)/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}
