import { type AddressRules, createAddressGuard, parsePeerUrl } from './address-guard.ts'
import { type RequestTokenOptions, requestToken } from './authorize.ts'
import { type Client, createClient } from './create-client.ts'
import { createGuardedAgent } from './guarded-agent.ts'

export interface PeerClientOptions extends AddressRules {
  readonly baseUrl: string
  /** Entity id of the peer. */
  readonly iss: string
  /** Who asks, and the signer of its request tokens. */
  readonly identity: Omit<RequestTokenOptions, 'aud'>
  /** From the first try to the last byte; 30,000 where absent. A long poll adds its own wait. */
  readonly timeoutMs?: number
  /** Tries after the first one, each with a token of its own; 2 where absent. */
  readonly retries?: number
}

/**
 * Opens the one way out of a node: a client of one configured peer. Only https (plain http by `insecureLoopback` and a
 * literal loopback address), only to addresses that the guard lets pass, no redirects, no compression, no proxy.
 *
 * @throws {ClientError} `URL_REFUSED`; a refused address shows at the first call, as `ADDRESS_REFUSED`.
 */
export function openPeerClient(options: PeerClientOptions): Client {
  const { baseUrl, iss, identity, timeoutMs, retries } = options
  parsePeerUrl(baseUrl, options.insecureLoopback)
  const dispatcher = createGuardedAgent(createAddressGuard(options))
  const client = createClient({
    baseUrl,
    dispatcher,
    authorize: requestToken({ ...identity, aud: iss }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
  })
  return { ...client, close: () => dispatcher.destroy() }
}
