import type { Answer } from '../../services/node/test/support/send.ts'
import type { Asked } from './callers.ts'
import { expected, mayName, namesRecords, type ViewerName } from './oracle.ts'
import type { Planted } from './plant.ts'
import type { World } from './world.ts'

/** Cells of the matrix that were held against the oracle, and what differed. */
export interface Findings {
  readonly cells: Map<string, number>
  readonly deviations: string[]
}

export function createFindings(): Findings {
  return { cells: new Map(), deviations: [] }
}

/** One cell: what an operation must show to a viewer, and what it showed. */
export function hold({ cells, deviations }: Findings, { operation, viewer, what, must, is }: Cell): void {
  cells.set(operation, (cells.get(operation) ?? 0) + 1)
  if (must !== is) deviations.push(`${operation} to ${viewer}: ${what} must be ${must}, is ${is}`)
}

export interface Cell {
  readonly operation: string
  readonly viewer: ViewerName
  readonly what: string
  readonly must: string | number
  readonly is: string | number
}

/** What an operation shows of records, by record id. */
export interface Shown {
  readonly recordId: string
  readonly state: string
}

/** Holds a whole list against the oracle: every record of these is there as it must be, and no other. */
export function holdList(
  findings: Findings,
  call: { readonly operation: string; readonly viewer: ViewerName },
  records: readonly Planted[],
  shown: readonly Shown[],
  must: (record: Planted) => string,
): void {
  const byId = new Map(shown.map((one) => [one.recordId, one.state]))
  for (const record of records) {
    const is = byId.get(record.recordId) ?? '-'
    hold(findings, { ...call, what: nameOf(record), must: must(record), is })
    byId.delete(record.recordId)
  }
  hold(findings, { ...call, what: 'records that do not belong there', must: 0, is: byId.size })
  if (shown.length > new Set(shown.map(({ recordId }) => recordId)).size) {
    hold(findings, { ...call, what: 'records shown twice', must: 0, is: shown.length })
  }
}

export function nameOf({ owner, name }: Planted): string {
  return `${owner} ${name}`
}

/**
 * Looks through every byte of an answer, and through what is signed in it, for a record that is closed to the viewer:
 * its id, its finding, the word that only its body holds. What the question itself said may be repeated.
 */
export function holdSilence(
  findings: Findings,
  world: World,
  { operation, viewer }: { readonly operation: string; readonly viewer: ViewerName },
  asked: Asked,
  { text, headers }: Answer,
  isLive = false,
): void {
  const answer = unfold(`${JSON.stringify(headers)}${text}`)
  const question = JSON.stringify(asked)
  const found = new Set(answer.match(namesOfRecords)?.filter((name) => !question.includes(name)))
  const told = indexOf(world)
  const leaks = [...found].flatMap((name) => {
    const records = told.get(name) ?? []
    return records.length > 0 &&
      records.every((record) => isSecret(operation, record, name) && isClosed(world, viewer, record, name, isLive))
      ? records.slice(0, 1).map((record) => `${nameOf(record)} (${name})`)
      : []
  })
  hold(findings, { operation, viewer, what: `a trace of ${leaks.join(', ') || 'nothing'}`, must: 0, is: leaks.length })
}

/** Record ids, findings, and words that were invented for one record. */
const namesOfRecords = /(?<![\w-])[\w-]{43}(?![\w-])|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bzq[a-p]{12}\b/g

/** The text with the payload of each JWS in it behind it. */
function unfold(text: string): string {
  const payloads = [...text.matchAll(/[\w-]{10,}\.([\w-]{10,})\.[\w-]{10,}/g)].map(([, payload = '']) => payload)
  return [text, ...payloads.map((payload) => Buffer.from(payload, 'base64url').toString('utf8'))].join('\n')
}

/** Whether the operation has no business to say this name. */
function isSecret(operation: string, { word }: Planted, name: string): boolean {
  return name === word || !namesRecords.has(operation)
}

function isClosed(world: World, viewer: ViewerName, record: Planted, name: string, isLive: boolean): boolean {
  if (record.owner === 'live' && !isLive) return true
  const openness = expected(viewer, record.owner, record.name)
  if (name === record.word) return openness !== 'o'
  if (openness !== '-') return false
  // A group is named by every marking that is for it.
  if (name === record.finding && record.type === 'group') return false
  const isNamed = (other: Planted) => other.owner === record.owner && mayName(other.name, record.name)
  return !world.records.some((other) => isNamed(other) && expected(viewer, other.owner, other.name) !== '-')
}

const indexes = new WeakMap<World, ReadonlyMap<string, readonly Planted[]>>()

function indexOf(world: World): ReadonlyMap<string, readonly Planted[]> {
  const known = indexes.get(world)
  if (known) return known
  const index = new Map<string, Planted[]>()
  for (const record of world.records) {
    for (const name of [record.recordId, record.finding, record.word]) {
      if (name !== undefined) index.set(name, [...(index.get(name) ?? []), record])
    }
  }
  indexes.set(world, index)
  return index
}
