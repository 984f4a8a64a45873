import { randomBytes } from 'node:crypto'
import type { RunningNode } from '@concordance/node'
import type { Marking, Relation } from '@concordance/protocol'
import { type Appended, append, type Circle } from '../../packages/exchange/test/support/append.ts'
import { observation } from '../../packages/exchange/test/support/content.ts'
import type { Owner } from './oracle.ts'

/** A record of the world, and the one word that nothing else contains. */
export interface Planted {
  readonly owner: Owner
  /** As in the tables of the oracle. */
  readonly name: string
  readonly type: string
  readonly recordId: string
  readonly finding: string
  readonly version: number
  readonly position: number
  readonly word?: string
}

/** A word in every body. */
export const commonWord = 'everywhereword'

export type Member = { readonly iss: string; readonly historyFrom?: number }

/** Where records of one owner are planted: in the log of a node, below the review rule. */
export interface Site {
  readonly node: RunningNode
  readonly iss: string
  get(name: string): Planted
  note(planted: Omit<Planted, 'owner'>): Planted
  /** An observation, or the next version of one. */
  plant(name: string, mark: Marking, previous?: Planted): Promise<Planted>
  /** @param own Marking of the marking record. */
  remark(name: string, mark: Marking, own: Marking, marking?: string): Promise<void>
  withdraw(name: string, withdrawal: string, mark: Marking): Promise<void>
  /** @param until Seconds since the epoch. */
  group(name: string, members: readonly Member[], until: number, previous?: Planted): Promise<Circle>
}

/** @param hand Subject of the person who works on everything. */
export function openSite(owner: Owner, node: RunningNode, hand: string, records: Planted[]): Site {
  const { iss } = node.deps.identity
  const note = (planted: Omit<Planted, 'owner'>) => {
    const record = { owner, ...planted }
    records.push(record)
    return record
  }
  const get = (name: string) => {
    const planted = records.find((record) => record.owner === owner && record.name === name)
    if (!planted) throw new Error(`there is no ${owner} record ${name}`)
    return planted
  }
  const add = async (name: string, appended: Appended, word?: string) => {
    const { recordId, finding, version, position } = await append(node.deps, { readers: [hand], ...appended })
    const { type = 'observation' } = appended
    return note({ name, type, recordId, finding, version, position, ...(word !== undefined && { word }) })
  }
  const about = (kind: Relation['kind'], name: string): Relation[] => [
    { kind, target: { iss, record: get(name).recordId } },
  ]
  return {
    node,
    iss,
    get,
    note,
    plant: (name, mark, previous) => {
      const word = inventWord()
      return add(name, { mark, content: observation(`${word} ${commonWord}.`), ...nextOf(previous) }, word)
    },
    remark: async (name, mark, own, marking = `${name},marking`) => {
      await add(marking, { type: 'marking', mark: own, content: { mark }, rel: about('remarks', name) })
    },
    withdraw: async (name, withdrawal, mark) => {
      const word = inventWord()
      const content = { reason: 'error', note: { en: `${word} ${commonWord}.` } }
      await add(withdrawal, { type: 'withdrawal', mark, content, rel: about('withdraws', name) }, word)
    },
    group: async (name, members, until, previous) => {
      const finding = previous?.finding ?? inventFinding()
      const circle = { iss, finding }
      const listed = members.map((member) => ({ role: 'member', ...member }))
      const content = { name: { en: 'Circle' }, members: listed, validUntil: until }
      const mark: Marking = { tlp: 'AMBER', relay: 'none', group: circle }
      await add(name, { type: 'group', mark, content, readers: [], ...nextOf(previous), finding })
      return circle
    },
  }
}

function nextOf(previous: Planted | undefined): Pick<Appended, 'finding' | 'version' | 'prev'> {
  return previous ? { finding: previous.finding, version: previous.version + 1, prev: previous.recordId } : {}
}

export function inventWord(): string {
  return `zq${[...randomBytes(12)].map((byte) => 'abcdefghijklmnop'[byte % 16]).join('')}`
}

/** A UUIDv7 of the beginning of time. */
export function inventFinding(): string {
  return `00000000-0000-7000-8000-${randomBytes(6).toString('hex')}`
}
