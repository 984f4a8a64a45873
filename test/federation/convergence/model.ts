import type { Marking } from '@concordance/protocol'

/**
 * What policy allows, written down once more from the design's table and from nothing of the product: who may open which
 * record of one institute, at which moment.
 */
export interface ModelRecord {
  readonly position: number
  readonly recordId: string
  readonly finding: string
  readonly version: number
  readonly type: 'observation' | 'marking' | 'withdrawal' | 'group'
  readonly iat: number
  /** As signed. */
  readonly signed: Marking
  /** The effective one. */
  readonly mark: Marking
  readonly isWithdrawn: boolean
  /** What a marking record or a withdrawal is about. */
  readonly about?: number
  /** Group record: whom it lists. */
  readonly lists?: readonly string[]
}

export interface ModelGroup {
  readonly finding: string
  readonly version: number
  readonly prev: string
  readonly validUntil: number
  /** Entity id to the beginning of its history, seconds. */
  readonly members: ReadonlyMap<string, number>
}

export interface Model {
  readonly clock: number
  readonly records: ReadonlyMap<number, ModelRecord>
  readonly groups: ReadonlyMap<string, ModelGroup>
}

export const emptyModel = (clock: number): Model => ({ clock, records: new Map(), groups: new Map() })

export function withRecord(model: Model, record: ModelRecord): Model {
  return { ...model, records: new Map(model.records).set(record.position, record) }
}

export function withGroup(model: Model, group: ModelGroup): Model {
  return { ...model, groups: new Map(model.groups).set(group.finding, group) }
}

/** @param wasSent Positions whose opening ever left for the peer. */
export function isEntitled(model: Model, peer: string, position: number, wasSent: ReadonlySet<number>): boolean {
  const record = model.records.get(position)
  if (!record) return false
  const target = record.about === undefined ? undefined : model.records.get(record.about)
  if (record.type === 'withdrawal' && record.mark.tlp !== 'RED' && target && wasSent.has(target.position)) return true
  if (!byLabel(model, peer, record)) return false
  const isAbout = record.type === 'marking' || record.type === 'withdrawal'
  return !isAbout || (target !== undefined && byLabel(model, peer, target))
}

function byLabel(model: Model, peer: string, record: ModelRecord): boolean {
  const { tlp, embargoUntil = 0 } = record.mark
  if (tlp === 'RED') return false
  const isForAll = (tlp === 'CLEAR' || tlp === 'GREEN') && embargoUntil <= model.clock
  return isForAll || isInGroup(model, peer, record)
}

function isInGroup(model: Model, peer: string, { mark, iat, type, lists = [] }: ModelRecord): boolean {
  const group = mark.group && model.groups.get(mark.group.finding)
  const since = group?.members.get(peer)
  if (!group || since === undefined || group.validUntil <= model.clock) return false
  return type === 'group' ? lists.includes(peer) : iat >= since
}
