import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLoopbackUrl, parsePeerUrl } from '@concordance/client'
import type { ConfiguredPeer } from '@concordance/exchange'
import { parseEntityId } from '@concordance/protocol'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { NodeError } from './error.ts'

/** What a process of the node does: answer requests (`web`), work in the background (`worker`), or both. */
export type Role = 'all' | 'web' | 'worker'

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
  readonly role: Role
  /** Bring the schema up to date at the start; otherwise an older schema refuses the start. */
  readonly migrate: boolean
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  readonly rates: RateLimits
  /** Between two rounds of comparing with the peers, milliseconds. */
  readonly compareEveryMs: number
}

/** Requests a minute, by who asks. */
export interface RateLimits {
  readonly peer: number
  readonly person: number
  readonly public: number
}

const defaultRates: RateLimits = { peer: 6_000, person: 600_000, public: 600 }

const PeerFile = Type.Object(
  {
    iss: Type.String(),
    baseUrl: Type.String(),
    pin: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    insecureLoopback: Type.Optional(Type.Boolean()),
    allowCidrs: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
)

/** `node.json` in the data folder. Closed: a misspelt setting is an error, not a default. */
export type NodeFile = Static<typeof NodeFile>
export const NodeFile = Type.Object(
  {
    entityId: Type.String(),
    baseUrl: Type.String(),
    name: Type.Optional(Type.Record(Type.String(), Type.String())),
    contact: Type.Optional(Type.String()),
    host: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    /** Absent, `serve` runs an embedded PostgreSQL inside the data folder. */
    databaseUrl: Type.Optional(Type.String()),
    peers: Type.Optional(Type.Array(PeerFile)),
    rates: Type.Optional(
      Type.Partial(
        Type.Object(
          { peer: Type.Integer(), person: Type.Integer(), public: Type.Integer() },
          { additionalProperties: false },
        ),
      ),
    ),
    compareEverySeconds: Type.Optional(Type.Number({ minimum: 1 })),
  },
  { additionalProperties: false },
)

const checkFile = Compile(NodeFile)

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Turns `node.json` and the environment into one value; the environment wins. No other file reads the environment.
 * Secrets may stand in files: `CONCORDANCE_DATABASE_URL_FILE` names one.
 *
 * @param overrides From the command line; they win over both.
 * @throws {NodeError} `CONFIG`, with every problem in one message.
 */
export function loadConfig(dataDir: string, environment: Environment, overrides: Partial<NodeConfig> = {}): NodeConfig {
  const problems: string[] = []
  const file = readNodeFile(join(dataDir, 'node.json'), problems)
  const databaseUrl = overrides.databaseUrl ?? secretOf(environment, 'DATABASE_URL', problems) ?? file.databaseUrl
  if (databaseUrl === undefined) problems.push('no database: set DATABASE_URL, or databaseUrl in node.json')
  const role = overrides.role ?? environment.CONCORDANCE_ROLE ?? 'all'
  if (!isRole(role)) problems.push(`role ${role} is not one of all, web, worker`)
  const config: NodeConfig = {
    entityId: file.entityId,
    baseUrl: environment.CONCORDANCE_BASE_URL ?? file.baseUrl,
    name: file.name ?? {},
    ...(file.contact !== undefined && { contact: file.contact }),
    host: environment.CONCORDANCE_HOST ?? file.host ?? '127.0.0.1',
    port: portOf(environment.CONCORDANCE_PORT, file.port ?? 8_443, problems),
    databaseUrl: databaseUrl ?? '',
    dataDir,
    peers: (file.peers ?? []) as ConfiguredPeer[],
    role: isRole(role) ? role : 'all',
    migrate: environment.CONCORDANCE_MIGRATE !== 'false',
    logLevel: (environment.CONCORDANCE_LOG_LEVEL ?? 'info') as NodeConfig['logLevel'],
    rates: { ...defaultRates, ...file.rates },
    compareEveryMs: (file.compareEverySeconds ?? 60) * 1_000,
    ...overrides,
  }
  problems.push(...problemsOf(config))
  if (problems.length > 0) throw new NodeError('CONFIG', `the configuration is refused:\n- ${problems.join('\n- ')}`)
  return config
}

function readNodeFile(path: string, problems: string[]): NodeFile {
  const empty = { entityId: '', baseUrl: '' }
  if (!existsSync(path)) {
    problems.push(`${path} is missing: run \`concordance init\``)
    return empty
  }
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (checkFile.Check(value)) return value
    for (const { instancePath, message } of checkFile.Errors(value))
      problems.push(`${path} ${instancePath}: ${message}`)
  } catch {
    problems.push(`${path} is not JSON`)
  }
  return empty
}

function problemsOf(config: NodeConfig): string[] {
  const problems: string[] = []
  const attempt = (what: string, check: () => unknown) => {
    try {
      check()
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`)
    }
  }
  attempt('entityId', () => parseEntityId(config.entityId))
  attempt('baseUrl', () => new URL(config.baseUrl))
  for (const peer of config.peers) {
    attempt(`peer ${peer.iss}`, () => parseEntityId(peer.iss))
    attempt(`peer ${peer.iss}`, () => parsePeerUrl(peer.baseUrl, peer.insecureLoopback))
    if (peer.iss === config.entityId) problems.push(`peer ${peer.iss}: this is the node itself`)
    if (peer.insecureLoopback && !isLoopbackUrl(`http://${hostInUrl(config.host)}:1`)) {
      problems.push(`peer ${peer.iss}: insecureLoopback needs a node that listens on loopback, not on ${config.host}`)
    }
  }
  const names = config.peers.map(({ iss }) => iss)
  if (new Set(names).size < names.length) problems.push('a peer stands twice')
  return problems
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function secretOf(environment: Environment, name: string, problems: string[]): string | undefined {
  const path = environment[`CONCORDANCE_${name}_FILE`]
  if (path === undefined) return environment[name] || environment[`CONCORDANCE_${name}`]
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    problems.push(`CONCORDANCE_${name}_FILE names ${path}, which cannot be read`)
    return undefined
  }
}

function portOf(text: string | undefined, fallback: number, problems: string[]): number {
  if (text === undefined) return fallback
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  problems.push(`CONCORDANCE_PORT ${text} is not a port`)
  return fallback
}

function isRole(role: string): role is Role {
  return role === 'all' || role === 'web' || role === 'worker'
}
