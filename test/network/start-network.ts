import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bearer, type Client, createClient } from '@concordance/client'
import type { ConfiguredPeer } from '@concordance/exchange'
import {
  initNode,
  issueToken,
  loadConfig,
  type NodeConfig,
  type NodeFile,
  type RunningNode,
  readTokenSecret,
  startNode,
} from '@concordance/node'
import type { Scope } from '@concordance/protocol'
import pg from 'pg'
import { freePort } from '../support/free-port.ts'
import { copyOf } from '../support/template.ts'
import { type Line, openLine } from './line.ts'

/** One institute of a network. Entity ids are under `.example`: nobody's. */
export interface InstituteSpec {
  /** Short, for folders, databases and host names. */
  readonly key: string
  readonly name: Readonly<Record<string, string>>
}

/** An institute that is up, with what its people and its attackers need. */
export interface Institute {
  readonly key: string
  readonly entityId: string
  readonly name: Readonly<Record<string, string>>
  readonly pin: string
  readonly dataDir: string
  readonly databaseUrl: string
  readonly config: NodeConfig
  node: RunningNode
  /** A program of the institute with every scope. */
  readonly client: Client
  /** A second person, who reviews and writes nothing. */
  readonly reviewer: Client
  readonly token: string
}

export interface Network {
  readonly institutes: readonly Institute[]
  institute(key: string): Institute
  /** The line over which `from` reaches `to`; only where the network was started with `lines`. */
  line(from: string, to: string): Line
  /** Stops one node and starts it again on the same data. */
  restart(key: string): Promise<void>
  stop(): Promise<void>
}

export interface NetworkOptions {
  readonly institutes: readonly InstituteSpec[]
  /** Holds a folder for each institute. What is there is taken up again. */
  readonly dataDir: string
  /** Superuser of the PostgreSQL server that gets a database for each institute. */
  readonly serverUrl: string
  /** Databases are named `<prefix>_<key>`. */
  readonly prefix: string
  /** Database that new ones are copies of; they are empty where absent. */
  readonly template?: string
  /** Puts a proxy between every two nodes, each direction its own. */
  readonly lines?: boolean
  readonly logLevel?: NodeConfig['logLevel']
  readonly compareEveryMs?: number
  /** Roles of the nodes; `web` follows nobody until asked. */
  readonly role?: NodeConfig['role']
  /** When the log of each institute grows for others; with every batch where absent. */
  readonly sealing?: NodeConfig['sealing']
  /** One clock for all nodes; the machine's where absent. */
  readonly now?: () => Date
  /** How people sign in at an institute; nowhere where absent. */
  readonly people?: (institute: PeopleOf) => Promise<NodeFile['people'] | undefined>
  /** Called as each institute comes up. */
  readonly onStarted?: (institute: Institute) => void
}

/** What a provider has to know of the node that sends people to it. */
export interface PeopleOf {
  readonly key: string
  readonly entityId: string
  readonly baseUrl: string
  readonly dataDir: string
}

/** Starts institutes in this process: real nodes over HTTP on loopback, each with a database of its own. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const founded = []
  for (const spec of options.institutes) founded.push(await found(spec, options))
  const lines = options.lines ? await openLines(founded) : new Map<string, Line>()
  const institutes: Institute[] = []
  for (const one of founded) {
    const peers = founded.filter(({ key }) => key !== one.key).map((other) => peerOf(one, other, lines))
    const institute = await start(one, peers, options)
    institutes.push(institute)
    options.onStarted?.(institute)
  }
  const get = (key: string) => {
    const institute = institutes.find((candidate) => candidate.key === key)
    if (!institute) throw new Error(`no institute ${key}`)
    return institute
  }
  return {
    institutes,
    institute: get,
    line(from, to) {
      const line = lines.get(`${from} ${to}`)
      if (!line) throw new Error(`no line from ${from} to ${to}`)
      return line
    },
    async restart(key) {
      const institute = get(key)
      await institute.node.stop()
      institute.node = await startAgain(institute.config, options.now)
    },
    async stop() {
      await Promise.all(
        institutes.map(({ node, client, reviewer }) => Promise.all([client.close(), reviewer.close(), node.stop()])),
      )
      await Promise.all([...lines.values()].map((line) => line.close()))
    },
  }
}

/** While a node is down an outgoing connection of any process may sit on its port for a moment. */
async function startAgain(config: NodeConfig, now?: () => Date, attempts = 20): Promise<RunningNode> {
  try {
    return await startNode(config, undefined, now)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempts === 0) throw error
    await sleep(250)
    return startAgain(config, now, attempts - 1)
  }
}

interface Founded extends InstituteSpec {
  readonly entityId: string
  readonly pin: string
  readonly dataDir: string
  readonly databaseUrl: string
  readonly port: number
}

/** Makes identity and database, or takes up those that are there. */
async function found(spec: InstituteSpec, options: NetworkOptions): Promise<Founded> {
  const { dataDir, serverUrl, prefix, template } = options
  const folder = join(dataDir, spec.key)
  const entityId = `https://${spec.key}.example`
  const memory = join(folder, 'network.json')
  const database = `${prefix}_${spec.key}`
  await ensureDatabase(serverUrl, database, template)
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  const base = { ...spec, entityId, dataDir: folder, databaseUrl: url.href }
  if (existsSync(memory))
    return { ...base, ...(JSON.parse(readFileSync(memory, 'utf8')) as { pin: string; port: number }) }
  const port = await freePort()
  const pin = await initNode(folder, fileOf({ ...base, port }), new Date())
  writeFileSync(memory, JSON.stringify({ pin, port }))
  return { ...base, pin, port }
}

function fileOf({ entityId, name, port }: Pick<Founded, 'entityId' | 'name' | 'port'>) {
  return {
    entityId,
    baseUrl: `http://127.0.0.1:${port}`,
    name: { ...name },
    host: '127.0.0.1',
    port,
    rates: unlimited,
    search,
  }
}

/** Everything here comes from one address, in a hurry. */
const search = { questionsAnHour: { peer: 1e9, person: 1e9 } }
const unlimited = { address: 1e9, public: 1e9, peer: 1e9, person: 1e9, federated: 1e9, export: 1e9 }

async function start(one: Founded, peers: ConfiguredPeer[], options: NetworkOptions): Promise<Institute> {
  const { databaseUrl } = one
  const settings = fileOf(one)
  const people = await options.people?.({ ...one, baseUrl: settings.baseUrl })
  const file = { ...settings, peers, ...(people && { people }), ...(options.sealing && { sealing: options.sealing }) }
  writeFileSync(join(one.dataDir, 'node.json'), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  const config = loadConfig(
    one.dataDir,
    {},
    {
      databaseUrl,
      logLevel: options.logLevel ?? 'silent',
      compareEveryMs: options.compareEveryMs ?? 2_000,
      role: options.role ?? 'all',
    },
  )
  const node = await startNode(config, undefined, options.now)
  const secret = await readTokenSecret(one.dataDir)
  const issue = async (subject: string, scopes: Scope[]) => {
    const asked = { name: `network ${randomUUID()}`, subject, actor: 'operator', lifetimeSeconds: 24 * 60 * 60 }
    return (await issueToken(node.deps, secret, { ...asked, scopes })).token
  }
  const { baseUrl } = settings
  const token = await issue('program', ['read', 'draft', 'publish', 'operate'])
  writeFileSync(join(one.dataDir, 'token'), `${token}\n`, { mode: 0o600 })
  const client = createClient({ baseUrl, authorize: bearer(token) })
  const reviewer = createClient({ baseUrl, authorize: bearer(await issue('reviewer', ['read', 'review'])) })
  return { ...one, config, node, client, reviewer, token }
}

function peerOf(from: Founded, to: Founded, lines: ReadonlyMap<string, Line>): ConfiguredPeer {
  const baseUrl = lines.get(`${from.key} ${to.key}`)?.url ?? `http://127.0.0.1:${to.port}`
  return { iss: to.entityId, baseUrl, pin: to.pin, insecureLoopback: true }
}

async function openLines(founded: readonly Founded[]): Promise<Map<string, Line>> {
  const lines = new Map<string, Line>()
  for (const from of founded) {
    for (const to of founded) {
      if (from !== to) lines.set(`${from.key} ${to.key}`, await openLine(`http://127.0.0.1:${to.port}`))
    }
  }
  return lines
}

async function ensureDatabase(serverUrl: string, name: string, template = 'template0'): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  const { rows } = await client.query('select from pg_database where datname = $1', [name])
  if (rows.length === 0) await client.query(`create database "${name}" encoding 'UTF8' ${copyOf(template)}`)
  await client.end()
}
