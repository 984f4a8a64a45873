import { createHash } from 'node:crypto'
import { cp } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  createDraft,
  createToken,
  type Deps,
  describeNode,
  followPeer,
  getSealedCheckpoint,
  observationsOf,
  type PeerCalls,
  projectAll,
  type RunningExchange,
  readAccessPage,
  readPage,
  reviseFinding,
  startExchange,
} from '@concordance/exchange'
import { buildApp, createLogger, initNode, loadConfig, readTokenSecret } from '@concordance/node'
import type { RecordInput } from '@concordance/protocol'
import type { Test } from 'tap'
import { type Appended, append } from '../../packages/exchange/test/support/append.ts'
import { observation } from '../../packages/exchange/test/support/content.ts'
import { createTestFolder } from '../../services/node/test/support/folder.ts'
import { createPeer, type TestPeer } from '../../services/node/test/support/peer.ts'
import { createTestDatabase } from '../support/database.ts'
import { type Act, beginning, hand, history, ids, type Step, stepSeconds, timeOf, type Viewer } from './history.ts'
import { programs } from './people.ts'
import { type LogHashes, readHashes } from './plain.ts'

type Context = Pick<Test, 'teardown'>

/** What every world has in common: keys, and where everybody can be reached. */
export interface Founding {
  readonly folder: string
  readonly pins: { readonly own: string; readonly copied: string }
  readonly peers: Readonly<Record<'stranger' | 'former' | 'latecomer' | 'member', TestPeer>>
  readonly secret: string
}

export interface Placed {
  readonly recordId?: string
  readonly finding?: string
  readonly version?: number
  readonly draft?: string
}

/** A node with its own log and a copy of another one, and what went into them. */
export interface World {
  readonly url: string
  readonly deps: RunningExchange['deps']
  readonly placed: ReadonlyMap<string, Placed>
  /** Of its own log. */
  readonly size: number
  readonly hashes: readonly LogHashes[]
}

export async function found(t: Context): Promise<Founding> {
  const folder = await createTestFolder(t)
  const at = new Date(beginning * 1_000)
  const init = (name: 'own' | 'copied') => initNode(join(folder, name), { entityId: ids[name], baseUrl: ids[name] }, at)
  const pins = { own: await init('own'), copied: await init('copied') }
  const peer = (name: keyof Founding['peers']) => createPeer(t, { iss: ids[name], audience: ids.own })
  const peers = {
    stranger: await peer('stranger'),
    former: await peer('former'),
    latecomer: await peer('latecomer'),
    member: await peer('member'),
  }
  return { folder, pins, peers, secret: await readTokenSecret(join(folder, 'own')) }
}

/**
 * Makes both logs step by step. Whatever is drawn at random follows from the step, and what stands at a position follows
 * from the number of steps, so that worlds differ in nothing but what is left out.
 *
 * @param without For whom what is closed is a cover leaf; nothing is left out where absent.
 */
export async function createWorld(t: Context, founding: Founding, without?: Viewer): Promise<World> {
  const clock = { seconds: beginning, drawing: 'founding' }
  const logs = { own: await open(t, founding, 'own', clock), copied: await open(t, founding, 'copied', clock) }
  await introduce(logs.own.deps, founding)
  const placed = new Map<string, Placed>()
  for (const step of history) {
    clock.drawing = step.name
    const isThere = without === undefined || !step.closedTo.includes(without)
    if (isThere) placed.set(step.name, await take(step, logs, placed, founding))
    clock.drawing = `after ${step.name}`
    clock.seconds += stepSeconds
    if (step === history.at(-1)) continue
    await closeInterval(logs[step.log])
  }
  await projectAll(logs.own.deps)
  const { own } = logs
  const url = await serve(t, founding, own)
  const { size } = await getSealedCheckpoint(own.deps)
  return { url, deps: own.deps, placed, size, hashes: await readHashes(own.deps) }
}

async function closeInterval({ deps: { writer } }: Opened): Promise<void> {
  await writer.closeIntervals()
  await writer.seal()
}

interface Clock {
  seconds: number
  /** What random numbers are drawn for. */
  drawing: string
}

const neighbours = ['stranger', 'former', 'latecomer', 'member'] as const
/** Nothing listens there. */
const nowhere = { baseUrl: 'http://127.0.0.1:9', insecureLoopback: true } as const

interface Opened extends RunningExchange {
  readonly dataDir: string
}

async function open(t: Context, { folder, pins, peers }: Founding, name: 'own' | 'copied', clock: Clock) {
  const dataDir = await createTestFolder(t)
  await cp(join(folder, name), dataDir, { recursive: true })
  const { url: databaseUrl } = await createTestDatabase(t)
  const known =
    name === 'own'
      ? [...neighbours.map((key) => ({ iss: ids[key], pin: peers[key].pin })), { iss: ids.copied, pin: pins.copied }]
      : [{ iss: ids.own, pin: pins.own }]
  const exchange = await startExchange({
    entityId: ids[name],
    baseUrl: ids[name],
    name: {},
    databaseUrl,
    dataDir,
    peers: known.map((peer) => ({ ...peer, ...nowhere })),
    sealing: { every: stepSeconds, leaves: 1 },
    search: { granularity: 'full', questionsAnHour: { peer: 1e9, person: 1e9 } },
    worker: false,
    migrate: true,
    compareEveryMs: 60_000,
    log: silent,
    now: () => new Date(clock.seconds * 1_000),
    random: drawFrom(name, clock),
  })
  t.teardown(() => exchange.stop())
  return { ...exchange, dataDir }
}

const silent = createLogger('silent')

/** The same bytes for the same draw in every world. */
function drawFrom(log: string, clock: Clock): (bytes: number) => Uint8Array {
  let last = { drawing: '', draws: 0 }
  return (bytes) => {
    if (last.drawing !== clock.drawing) last = { drawing: clock.drawing, draws: 0 }
    const seed = `${log} ${clock.drawing} ${last.draws++}`
    return createHash('shake256', { outputLength: bytes }).update(seed).digest()
  }
}

async function introduce({ db }: Deps, { peers }: Founding): Promise<void> {
  const keysets = neighbours.map((name) => ({ iss: ids[name], seq: 1, document: peers[name].keyset, position: null }))
  await db.insertInto('keyset').values(keysets).execute()
}

type Logs = Readonly<Record<'own' | 'copied', Opened>>
type Known = ReadonlyMap<string, Placed>

async function take({ name, log, act }: Step, logs: Logs, known: Known, founding: Founding): Promise<Placed> {
  const { deps } = logs[log]
  switch (act.kind) {
    case 'reading':
      await readPage(deps, { iss: act.by }, { from: 0, limit: 1_000 })
      return {}
    case 'copying':
      await copy(logs, founding)
      return {}
    case 'draft':
      return placeOf(await createDraft(deps, draftOf(name, act.mark), callOf(name)))
    case 'revision':
      return placeOf(await reviseFinding(deps, get(known, act.of).finding ?? '', callOf(name)))
    default: {
      const { recordId, finding, version } = await append(deps, appendedOf(deps, name, act, known))
      return { recordId, finding, version }
    }
  }
}

/** A word in every body, and one in this body alone. */
export const commonWord = 'everywhere'
export const wordOf = (name: string) => `word${name.replaceAll(/[^a-z]/g, '')}${name.replaceAll(/\D/g, '')}`

function draftOf(name: string, mark: RecordInput['mark']): RecordInput {
  return { type: 'observation', lang: 'en', mark, content: observation(`${wordOf(name)} ${commonWord}`), rel: [] }
}

function callOf(name: string) {
  return { actor: hand, idempotencyKey: `key-of-${name}` }
}

function placeOf({ id, finding }: { id: string; finding: string }): Placed {
  return { draft: id, finding }
}

type Appending = Extract<Act, { kind: 'record' | 'group' | 'marking' | 'withdrawal' }>

function appendedOf(deps: Deps, name: string, act: Appending, known: Known): Appended {
  const about = (kind: 'remarks' | 'withdraws', of: string) => [
    { kind, target: { iss: deps.identity.iss, record: get(known, of).recordId ?? '' } },
  ]
  switch (act.kind) {
    case 'record':
      return { mark: act.mark, content: observation(`${wordOf(name)} ${commonWord}`), ...nextOf(known, act.after) }
    case 'group': {
      const { finding } = act.group
      const mark = { tlp: 'AMBER', relay: 'none', group: act.group } as const
      return { type: 'group', mark, content: snapshotOf(deps, act), ...nextOf(known, act.after), finding }
    }
    case 'marking':
      return { type: 'marking', mark: act.own, content: { mark: act.mark }, rel: about('remarks', act.of) }
    case 'withdrawal': {
      const content = { reason: 'error', note: { en: `${wordOf(name)} ${commonWord}` } }
      return { type: 'withdrawal', mark: act.mark, content, rel: about('withdraws', act.of) }
    }
  }
}

const groupSeconds = 24 * 3_600

function snapshotOf(deps: Deps, { members }: Extract<Act, { kind: 'group' }>): object {
  const now = Math.floor(deps.now().getTime() / 1_000)
  const listed = members.map(({ iss, since }) => ({
    iss,
    role: 'member',
    ...(since !== undefined && { historyFrom: timeOf(since) }),
  }))
  return { name: { en: 'Circle' }, members: listed, validUntil: now + groupSeconds }
}

function nextOf(known: Known, after: string | undefined): Pick<Appended, 'finding' | 'version' | 'prev'> {
  if (after === undefined) return {}
  const { recordId, finding, version = 0 } = get(known, after)
  return { version: version + 1, ...(finding && { finding }), ...(recordId && { prev: recordId }) }
}

function get(known: Known, name: string): Placed {
  const placed = known.get(name)
  if (!placed) throw new Error(`${name} is not in this world`)
  return placed
}

/** One pass over the other log, without a wire between the two. */
async function copy({ own, copied }: Logs, { pins }: Founding): Promise<void> {
  const asker = { iss: ids.own }
  const calls: PeerCalls = {
    fetchEntries: async (page) => ({ ...(await readPage(copied.deps, asker, page)), bytes: 0 }),
    fetchAccess: (from) => readAccessPage(copied.deps, asker, from),
    fetchNodeDocument: () => describeNode(copied.deps),
    fetchObservations: (about) => observationsOf(copied.deps, about),
    fetchHeldCheckpoint: async () => undefined,
    notify: async () => {},
    search: async () => ({ answer: '', hits: [] }),
    close: async () => {},
  }
  const peer = { iss: ids.copied, baseUrl: nowhere.baseUrl, pin: pins.copied }
  const { state } = await followPeer(own.deps, peer, calls, { waitSeconds: 0 })
  if (state !== 'following') throw new Error(`the copied log is ${state}`)
}

const unlimited = { address: 1e9, public: 1e9, peer: 1e9, person: 1e9, federated: 1e9, export: 1e9 }

async function serve(t: Context, { secret }: Founding, { deps, dataDir }: Opened): Promise<string> {
  for (const { jti, subject, staff, scopes } of programs) {
    const expiresAt = new Date(deps.now().getTime() + groupSeconds * 1_000)
    await createToken(deps, { jti, name: jti, subject, scopes, staff, expiresAt }, 'operator')
  }
  const overrides = { databaseUrl: 'postgres://unused', logLevel: 'silent', role: 'web', rates: unlimited } as const
  const config = loadConfig(dataDir, {}, overrides)
  const app = await buildApp({ deps, config, tokenSecret: secret, logger: silent })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}
