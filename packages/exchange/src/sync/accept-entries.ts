import type { GatedEntry, Marking, MarkingBody, RelationTarget, Statement, Tlp } from '@concordance/protocol'
import { labelsUpTo } from '../access/may-open.ts'
import type { Label } from '../deps.ts'

/** Code of the quarantine row of an entry that is above this node's own highest label. */
export const aboveCeiling = 'above-ceiling'

/** An entry as it may be stored. */
export interface AcceptedEntry extends GatedEntry {
  /** Of a marking record that is not kept itself: which record it is about, and its marking. */
  readonly remarks?: Remarks
}

export interface Remarks {
  readonly record: string
  readonly mark: Marking
}

/**
 * What of a page may be stored: an entry above the highest label this node accepts stays a hash, by its signed marking or
 * by one that came for it. Nothing of its content is kept. What it takes away is hidden all the same.
 *
 * @param remarked Effective markings known already, by record id.
 */
export function acceptEntries(
  entries: readonly GatedEntry[],
  accepts: Label,
  remarked: ReadonlyMap<string, Marking> = new Map(),
): readonly AcceptedEntry[] {
  const effective = new Map([...remarked, ...listRemarked(entries)])
  const isRefused = ({ statement, recordId = '' }: GatedEntry) =>
    [statement?.mark.tlp, effective.get(recordId)?.tlp].some((tlp) => tlp !== undefined && isAbove(tlp, accepts))
  return entries.map((entry) => (isRefused(entry) ? refuse(entry, accepts) : entry))
}

/** Detail of that row: it says under which label the entry was judged. */
export function refusalOf(accepts: Label): string {
  return `above ${accepts}, the highest label this node accepts`
}

/** RED of another institute is above everything. */
export function isAbove(tlp: Tlp, accepts: Label): boolean {
  return !labelsUpTo(accepts).includes(tlp)
}

/** The record that a marking record is about, by its id; undefined for any other record. */
export function remarkedBy({ type, iss, rel }: Statement): string | undefined {
  const target = rel.find(({ kind }) => type === 'marking' && kind === 'remarks')?.target
  return target && 'record' in target && target.iss === iss ? target.record : undefined
}

function* listRemarked(entries: readonly GatedEntry[]): Generator<[string, Marking]> {
  for (const entry of entries) {
    const remarks = remarksOf(entry)
    if (remarks) yield [remarks.record, remarks.mark]
  }
}

function remarksOf({ statement, bodyText, quarantine }: GatedEntry): Remarks | undefined {
  const record = statement && remarkedBy(statement)
  if (!record || !bodyText || quarantine) return undefined
  return { record, mark: (JSON.parse(bodyText) as MarkingBody).mark }
}

function refuse(entry: GatedEntry, accepts: Label): AcceptedEntry {
  const { position, leafHash, statement, keyset } = entry
  const remarks = remarksOf(entry)
  const hides = statement && !remarks ? takenAwayBy(statement) : []
  return {
    position,
    leafHash,
    quarantine: { code: aboveCeiling, detail: refusalOf(accepts), hides },
    ...(keyset && { keyset }),
    ...(remarks && { remarks }),
  }
}

function takenAwayBy({ type, rel }: Statement): RelationTarget[] {
  const takesAway = type === 'withdrawal' || type === 'marking' || type === 'erasure'
  return takesAway ? rel.map(({ target }) => target) : []
}
