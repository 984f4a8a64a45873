import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { isLoopbackUrl, parsePeerUrl } from '@concordance/client'
import { type ConfiguredPeer, defaultSearch, type SealingInterval, type SearchSettings } from '@concordance/exchange'
import { parseEntityId } from '@concordance/protocol'
import { NodeError } from './error.ts'
import { type NodeFile, readNodeFile } from './node-file.ts'
import { type PeopleConfig, readPeople } from './sign-in/settings.ts'

/** What a process of the node does: answer requests (`web`), work in the background (`worker`), or both. */
export type Role = (typeof roles)[number]
const roles = ['all', 'web', 'worker'] as const

export type LogLevel = (typeof logLevels)[number]
const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const

/** Everything the node is told from outside, checked. */
export interface NodeConfig {
  readonly entityId: string
  /** Where peers reach the node. */
  readonly baseUrl: string
  /** Name of the institute by language tag. */
  readonly name: Readonly<Record<string, string>>
  readonly contact?: string
  readonly host: string
  readonly port: number
  readonly databaseUrl: string
  readonly dataDir: string
  readonly peers: readonly ConfiguredPeer[]
  /** Highest label that is taken in from others; `AMBER+STRICT` where absent. */
  readonly accepts?: NonNullable<ConfiguredPeer['ceiling']>
  /** How people sign in; absent, they have API tokens alone. */
  readonly people?: PeopleConfig
  readonly role: Role
  /** Bring the schema up to date at the start; otherwise an older schema refuses the start. */
  readonly migrate: boolean
  readonly logLevel: LogLevel
  readonly rates: RateLimits
  /** How live searches are answered, and how often one may ask. */
  readonly search: SearchSettings
  /** Between two rounds of comparing with the peers. */
  readonly compareEveryMs: number
  /** When our own log grows for others; with every batch where absent. */
  readonly sealing?: 'immediate' | SealingInterval
  /** Where metrics and probes are served to the operator; nowhere if absent. */
  readonly operations?: { readonly host: string; readonly port: number }
  /** Proxies of our own, whose `X-Forwarded-For` says who asks. */
  readonly trustedProxies: readonly string[]
  /** Delay of the event loop from which on requests are refused. */
  readonly busyAfterMs: number
}

/** Requests a minute in each process. */
export interface RateLimits {
  /** From one address, whatever is asked; the only limit before a caller is known. */
  readonly address: number
  /** From one address without a credential. */
  readonly public: number
  /** Of one peer. */
  readonly peer: number
  /** Of one person or program. */
  readonly person: number
  /** Searches that ask the peers, of all people together: each costs every peer one request. */
  readonly federated: number
  /** Exports of a search, of one person, program or peer, or from one address without a credential: each is many searches. */
  readonly export: number
}

const defaultRates: RateLimits = {
  address: 60_000,
  public: 1_200,
  peer: 6_000,
  person: 60_000,
  federated: 300,
  export: 20,
}
const defaultPort = 8_443
const defaultCompareSeconds = 60
const busyAfterMs = 5_000

export type Environment = Readonly<Record<string, string | undefined>>

/** The data folder, where the command line does not name it. */
export function dataDirOf(environment: Environment): string {
  return environment.CONCORDANCE_DATA || '.data/node'
}

/**
 * Turns `node.json` and the environment into one value; the environment wins. No other file reads the environment.
 * Secrets may stand in files: `DATABASE_URL_FILE` names one.
 *
 * @param overrides From the command line; they win over both.
 * @throws {NodeError} `CONFIG`, with every problem in one message.
 */
export function loadConfig(dataDir: string, environment: Environment, overrides: Partial<NodeConfig> = {}): NodeConfig {
  const problems: string[] = []
  const file = readNodeFile(join(dataDir, 'node.json'), problems)
  const host = overrides.host ?? environment.CONCORDANCE_HOST ?? file.host ?? '127.0.0.1'
  const config: NodeConfig = {
    ...settingsOf(file),
    ...(file.people && { people: readPeople(file.people, isOnLoopback({ host }), problems) }),
    dataDir,
    baseUrl: environment.CONCORDANCE_BASE_URL ?? file.baseUrl,
    host,
    port: numberOf(environment, 'CONCORDANCE_PORT', problems) ?? file.port ?? defaultPort,
    databaseUrl: findSecret(environment, 'DATABASE_URL', problems) ?? file.databaseUrl ?? '',
    role: oneOf(roles, environment, 'CONCORDANCE_ROLE', problems) ?? 'all',
    logLevel: oneOf(logLevels, environment, 'CONCORDANCE_LOG_LEVEL', problems) ?? 'info',
    migrate: oneOf(['true', 'false'], environment, 'CONCORDANCE_MIGRATE', problems) !== 'false',
    ...overrides,
  }
  problems.push(...problemsOf(config))
  if (problems.length > 0) throw new NodeError('CONFIG', `the configuration is refused:\n- ${problems.join('\n- ')}`)
  return config
}

/** What stands in the file alone. */
function settingsOf(file: NodeFile) {
  const { entityId, name = {}, contact, peers = [], rates, compareEverySeconds = defaultCompareSeconds } = file
  const { accepts, operations, search = {}, sealing, trustedProxies = [] } = file
  return {
    entityId,
    name,
    ...(contact !== undefined && { contact }),
    peers: peers as ConfiguredPeer[],
    ...(accepts && { accepts }),
    rates: { ...defaultRates, ...rates } as RateLimits,
    search: {
      granularity: search.granularity ?? defaultSearch.granularity,
      questionsAnHour: {
        ...defaultSearch.questionsAnHour,
        ...search.questionsAnHour,
      } as SearchSettings['questionsAnHour'],
    },
    compareEveryMs: compareEverySeconds * 1_000,
    ...(sealing && { sealing }),
    ...(operations && { operations: { host: operations.host ?? '127.0.0.1', port: operations.port } }),
    trustedProxies,
    busyAfterMs,
  }
}

function problemsOf(config: NodeConfig): string[] {
  const problems: string[] = []
  const { entityId, baseUrl, databaseUrl, role, trustedProxies } = config
  attempt(problems, `entityId ${entityId}`, () => parseEntityId(entityId))
  attempt(problems, `baseUrl ${baseUrl}`, () => parsePeerUrl(baseUrl, isOnLoopback(config)))
  if (!roles.includes(role)) problems.push(`role ${role} is not one of ${roles.join(', ')}`)
  if (databaseUrl === '') problems.push('there is no database: set DATABASE_URL, or databaseUrl in node.json')
  else if (!/^postgres(ql)?:\/\//.test(databaseUrl)) problems.push('the database URL does not begin with postgres://')
  for (const proxy of trustedProxies) if (!isNetwork(proxy)) problems.push(`trustedProxies: ${proxy} is not a network`)
  return [...problems, ...problemsOfPeers(config)]
}

function problemsOfPeers(config: NodeConfig): string[] {
  const problems: string[] = []
  for (const { iss, baseUrl, insecureLoopback } of config.peers) {
    attempt(problems, `peer ${iss}`, () => parseEntityId(iss))
    attempt(problems, `peer ${iss}`, () => parsePeerUrl(baseUrl, insecureLoopback))
    if (iss === config.entityId) problems.push(`peer ${iss}: this is the node itself`)
    if (insecureLoopback && !isOnLoopback(config)) {
      problems.push(`peer ${iss}: insecureLoopback needs a node that listens on loopback, not on ${config.host}`)
    }
  }
  const names = config.peers.map(({ iss }) => iss)
  for (const name of new Set(names.filter((iss, index) => names.indexOf(iss) !== index))) {
    problems.push(`peer ${name} stands twice`)
  }
  return problems
}

function attempt(problems: string[], what: string, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    problems.push(`${what}: ${(error as Error).message}`)
  }
}

/** A name such as `localhost` is resolved by others, so only a literal address counts. */
function isOnLoopback({ host }: Pick<NodeConfig, 'host'>): boolean {
  return isIP(host) !== 0 && isLoopbackUrl(`http://${isIP(host) === 6 ? `[${host}]` : host}`)
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return (
    isIP(address) !== 0 && rest.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && +prefix <= bits))
  )
}

/** The value itself, or what stands in the file that `<name>_FILE` names. */
function findSecret(environment: Environment, name: string, problems: string[]): string | undefined {
  const path = environment[`${name}_FILE`]
  if (!path) return environment[name] || undefined
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    problems.push(`${name}_FILE names ${path}, which cannot be read`)
    return undefined
  }
}

function numberOf(environment: Environment, name: string, problems: string[]): number | undefined {
  const text = environment[name]
  if (!text) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  problems.push(`${name} ${text} is not a port`)
  return undefined
}

function oneOf<Value extends string>(
  allowed: readonly Value[],
  environment: Environment,
  name: string,
  problems: string[],
): Value | undefined {
  const text = environment[name]
  if (!text) return undefined
  const value = allowed.find((candidate) => candidate === text)
  if (value === undefined) problems.push(`${name} ${text} is not one of ${allowed.join(', ')}`)
  return value
}
