import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { ClientError } from './error.ts'

/** Every address a name stands for. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

export interface AddressRules {
  /** Networks that are open although they are not public, such as `10.20.0.0/16`. */
  readonly allowCidrs?: readonly string[]
  /** Plain http, and loopback, if the URL holds a literal loopback address. */
  readonly insecureLoopback?: boolean
  readonly resolve?: Resolve
}

export interface AddressGuard {
  /**
   * For sockets: answers only with addresses that were checked, so that what was checked is what is connected.
   * One refused address among several refuses the name.
   */
  readonly lookup: LookupFunction
  /** Node connects a literal address without asking `lookup`: it has to be checked here. @throws {ClientError} `ADDRESS_REFUSED` */
  checkLiteral(hostname: string): void
}

/**
 * Decides where outgoing calls may go: public unicast addresses, `allowCidrs`, and nothing else.
 * Loopback, private, link-local, shared (CGNAT), multicast, documentation and metadata addresses are refused, and so are
 * IPv6 spellings that carry an IPv4 address (mapped, NAT64, 6to4, Teredo).
 *
 * @throws {ClientError} `URL_REFUSED` for a network in `allowCidrs` that is not one.
 */
export function createAddressGuard(rules: AddressRules = {}): AddressGuard {
  const allowed = parseCidrs(rules.allowCidrs ?? [])
  const resolve = rules.resolve ?? resolveBySystem
  const check = (address: string) => {
    if (!isPublic(address) && !isIn(allowed, address)) {
      throw new ClientError('ADDRESS_REFUSED', `${address} is not in a network this peer may be called in`)
    }
  }
  return {
    lookup: (hostname, options, callback) => {
      resolve(hostname).then(
        (found) => answerLookup(found, options, check, callback),
        (error: NodeJS.ErrnoException) => callback(error, []),
      )
    },
    checkLiteral: (hostname) => {
      const address = unbracket(hostname)
      if (isIP(address) === 0 || (rules.insecureLoopback && isLoopback(address))) return
      check(address)
    },
  }
}

/**
 * Parses the base URL of a peer: https, no user name, query or fragment. Plain http only with `insecureLoopback` and a
 * literal loopback address (a name such as `localhost` is resolved by others, so it does not count).
 *
 * @throws {ClientError} `URL_REFUSED`
 */
export function parsePeerUrl(text: string, insecureLoopback = false): URL {
  const url = parseBaseUrl(text)
  const literal = unbracket(url.hostname)
  const isInsecureLoopback = insecureLoopback && isIP(literal) !== 0 && isLoopback(literal)
  if (url.protocol !== 'https:' && !isInsecureLoopback) {
    throw new ClientError(
      'URL_REFUSED',
      `${text} is not https; plain http needs insecureLoopback and 127.0.0.1 or [::1]`,
    )
  }
  return url
}

/** Parses any base URL. A path is kept as a prefix. @throws {ClientError} `URL_REFUSED` */
export function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw new ClientError('URL_REFUSED', `${text} is not an https URL`)
  if (url.username || url.password) throw new ClientError('URL_REFUSED', 'a base URL holds no user name or password')
  if (url.search || url.hash) throw new ClientError('URL_REFUSED', `${text} has a query or a fragment`)
  return url
}

/** Whether a URL's host is a literal loopback address. */
export function isLoopbackUrl(url: string | URL): boolean {
  const literal = unbracket(new URL(url).hostname)
  return isIP(literal) !== 0 && isLoopback(literal)
}

type Check = (address: string) => void

function answerLookup(
  found: readonly LookupAddress[],
  options: LookupOptions,
  check: Check,
  callback: Parameters<LookupFunction>[2],
): void {
  try {
    for (const { address } of found) check(address)
    const [first] = found
    if (!first) throw new ClientError('UNREACHABLE', 'the name has no address')
    if (options.all) callback(null, [...found])
    else callback(null, first.address, first.family)
  } catch (error) {
    callback(error as Error, [])
  }
}

function resolveBySystem(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, order: 'verbatim' }, (error, found) => (error ? reject(error) : resolve(found)))
  })
}

function unbracket(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** The two families are kept apart: a list answers for IPv4 through its mapped IPv6 form, and would refuse all of it. */
interface Networks {
  readonly v4: BlockList
  readonly v6: BlockList
}

function isIn(networks: Networks, address: string): boolean {
  const family = isIP(address)
  if (family === 4) return networks.v4.check(address, 'ipv4')
  return family === 6 && networks.v6.check(address, 'ipv6')
}

function isPublic(address: string): boolean {
  if (address.includes('%')) return false // a zone id is never public
  return isIP(address) === 6 ? isIn(globalUnicast, address) && !isIn(closed, address) : !isIn(closed, address)
}

function isLoopback(address: string): boolean {
  return isIn(loopback, address)
}

function parseCidrs(cidrs: readonly string[]): Networks {
  const networks = { v4: new BlockList(), v6: new BlockList() }
  for (const cidr of cidrs) addCidr(networks, cidr)
  return networks
}

function addCidr(networks: Networks, cidr: string): void {
  const [, address = '', prefix = ''] = /^([0-9a-fA-F.:]+)\/(0|[1-9][0-9]{0,2})$/.exec(cidr) ?? []
  const family = isIP(address)
  if (family === 0 || Number(prefix) > (family === 4 ? 32 : 128)) {
    throw new ClientError('URL_REFUSED', `${cidr} is not a network such as 10.20.0.0/16`)
  }
  if (family === 4) networks.v4.addSubnet(address, Number(prefix), 'ipv4')
  else networks.v6.addSubnet(address, Number(prefix), 'ipv6')
}

const loopback = parseCidrs(['127.0.0.0/8', '::1/128'])

/** Of IPv6 only this is public; what lies outside (mapped, NAT64, unique-local, link-local, multicast) never is. */
const globalUnicast = parseCidrs(['2000::/3'])

/** Special-purpose networks (RFC 6890 and its registries) and the address of one cloud's metadata service. */
const closed = parseCidrs([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])
