import { ClientError as CallError, type GuardedFetch, openGuardedFetch } from '@concordance/client'
import type { Logger } from '@concordance/exchange'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client'
import { NodeError, unauthenticated } from '../error.ts'
import type { Attempt } from './attempts.ts'
import { keep } from './keep.ts'
import { keepProviderKeys } from './provider-keys.ts'
import type { PeopleConfig } from './settings.ts'

/** The institute's own OpenID provider, as this node sees it. */
export interface Provider {
  /** Where a browser goes to sign in. @throws {NodeError} `unavailable`. */
  startAt(attempt: Attempt, redirectUri: string): Promise<URL>
  /**
   * Exchanges what the browser brought back for the verified claims of the ID token.
   *
   * @param returned The redirect URI with the query exactly as it came.
   * @throws {NodeError} `unauthenticated`; `unavailable` where the provider does not answer.
   */
  finish(attempt: Attempt, returned: URL): Promise<Readonly<Record<string, unknown>>>
  /** The public key (PEM) that the provider signs with under this `kid`; undefined also where it cannot be asked. */
  findKey(kid: string): Promise<string | undefined>
  close(): Promise<void>
}

const timeoutMs = 5_000
const maxAnswerBytes = 256 * 1_024
const metadata = { freshMs: 60 * 60_000, usableMs: 24 * 60 * 60_000, retryMs: 5_000 }

/** Opens the way to the provider; nothing is asked before somebody signs in. */
export function openProvider(settings: PeopleConfig, log: Logger, clockMs = () => performance.now()): Provider {
  const { fetch, close } = openGuardedFetch({ ...settings, timeoutMs, maxAnswerBytes })
  const configuration = keep({ load: () => discover(settings, fetchOrFail(fetch)), ...metadata, clockMs })
  const findAddress = async () => (await configuration.get()).serverMetadata().jwks_uri ?? ''
  const keys = keepProviderKeys(settings.algorithm, { fetch, findAddress, clockMs })
  return {
    startAt: async (attempt, redirectUri) =>
      buildAuthorizationUrl(await configuration.get().catch((error) => refuse(error, log)), {
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: settings.scope,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
      }),
    finish: async ({ state, nonce, verifier }, returned) => {
      const expected = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
      try {
        const answer = await authorizationCodeGrant(await configuration.get(), returned, expected)
        return answer.claims() ?? {}
      } catch (error) {
        return refuse(error, log)
      }
    },
    findKey: async (kid) => {
      try {
        return (await keys.get()).get(kid) ?? (await keys.renew()).get(kid)
      } catch (error) {
        log.warn({ err: error }, 'the keys of the provider cannot be read')
        return undefined
      }
    },
    close,
  }
}

async function discover(settings: PeopleConfig, fetch: CustomFetch): Promise<Configuration> {
  const { issuer, clientId, clientSecret, algorithm, insecureLoopback } = settings
  const configuration = await discovery(
    new URL(issuer),
    clientId,
    { id_token_signed_response_alg: algorithm },
    clientSecret === undefined ? None() : ClientSecretBasic(clientSecret),
    {
      [customFetch]: fetch,
      // The signature of the ID token is checked, although it comes straight from the provider.
      execute: [enableNonRepudiationChecks, ...(insecureLoopback ? [allowInsecureRequests] : [])],
    },
  )
  const found = configuration.serverMetadata()
  if (found.issuer !== issuer) throw new NodeError('unavailable', `${issuer} describes itself as another provider`)
  return configuration
}

/** An answer of status 5xx is an outage, and no verdict on whoever signs in. */
function fetchOrFail(fetch: GuardedFetch['fetch']): CustomFetch {
  return async (url, request) => {
    const answer = await fetch(url, request)
    if (answer.status >= 500) throw new CallError('UNREACHABLE', `the provider answers ${answer.status}`)
    return answer
  }
}

/** Why a sign-in failed is for the log alone; an outage is said. */
function refuse(error: unknown, log: Logger): never {
  if (isOutage(error)) {
    log.warn({ err: error }, 'the provider does not answer')
    throw new NodeError('unavailable', 'the provider of the institute does not answer')
  }
  log.info({ err: error }, 'a sign-in was refused')
  throw unauthenticated()
}

function isOutage(error: unknown): boolean {
  if (error instanceof CallError) return true
  if (error instanceof NodeError) return error.code === 'unavailable'
  return error instanceof Error && error.cause !== undefined && isOutage(error.cause)
}
