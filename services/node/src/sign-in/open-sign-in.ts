import type { Deps } from '@concordance/exchange'
import type { NodeConfig } from '../config.ts'
import { type Attempts, createAttempts } from './attempts.ts'
import { type Cookies, cookiesOf } from './cookies.ts'
import type { Provider } from './provider.ts'
import type { PeopleConfig } from './settings.ts'

/** All that signing in at this node takes. */
export interface SignIn {
  readonly settings: PeopleConfig
  readonly provider: Provider
  readonly attempts: Attempts
  readonly cookies: Cookies
  /** Where browsers reach the node: scheme, host and port. */
  readonly origin: string
  /** … and the base of its paths. */
  readonly baseUrl: string
  /** Registered at the provider, exactly. */
  readonly redirectUri: string
}

/** Undefined for a node without a provider: it has API tokens alone, and does not even load what signing in takes. */
export async function openSignIn(
  deps: Deps,
  { people, baseUrl }: Pick<NodeConfig, 'people' | 'baseUrl'>,
  tokenSecret: string,
): Promise<SignIn | undefined> {
  if (!people) return undefined
  const { openProvider } = await import('./provider.ts')
  const base = baseUrl.replace(/\/+$/, '')
  return {
    settings: people,
    provider: openProvider(people, deps.log),
    attempts: createAttempts(tokenSecret, deps),
    cookies: cookiesOf(base),
    origin: new URL(base).origin,
    baseUrl: base,
    redirectUri: `${base}/v1/sign-in/return`,
  }
}
