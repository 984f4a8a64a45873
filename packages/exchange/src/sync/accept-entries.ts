import type { GatedEntry, Marking, MarkingBody, RelationTarget, Statement, Tlp } from '@concordance/protocol'
import { labelsUpTo } from '../access/may-open.ts'
import type { Label } from '../deps.ts'

/** Code of the quarantine row of an entry that is above this node's own highest label. */
export const aboveCeiling = 'above-ceiling'

/**
 * What of a page may be stored: an entry above the highest label this node accepts stays a hash, by its signed marking or
 * by one that came for it. Nothing of its content is kept, and what it would take away is hidden, since nobody here will
 * be able to read it.
 *
 * @param remarked Effective markings known already, by record id.
 */
export function acceptEntries(
  entries: readonly GatedEntry[],
  accepts: Label,
  remarked: ReadonlyMap<string, Marking> = new Map(),
): readonly GatedEntry[] {
  const effective = new Map([...remarked, ...listRemarked(entries)])
  const isRefused = ({ statement, recordId = '' }: GatedEntry) =>
    [statement?.mark.tlp, effective.get(recordId)?.tlp].some((tlp) => tlp !== undefined && isAbove(tlp, accepts))
  return entries.map((entry) => (isRefused(entry) ? refuse(entry, accepts) : entry))
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
  for (const { statement, bodyText, quarantine } of entries) {
    const target = statement && remarkedBy(statement)
    if (target && bodyText && !quarantine) yield [target, (JSON.parse(bodyText) as MarkingBody).mark]
  }
}

function refuse({ position, leafHash, statement, keyset }: GatedEntry, accepts: Label): GatedEntry {
  const detail = `above ${accepts}, the highest label this node accepts`
  return {
    position,
    leafHash,
    quarantine: { code: aboveCeiling, detail, hides: statement ? takenAwayBy(statement) : [] },
    ...(keyset && { keyset }),
  }
}

function takenAwayBy({ type, rel }: Statement): RelationTarget[] {
  const takesAway = type === 'withdrawal' || type === 'marking' || type === 'erasure'
  return takesAway ? rel.map(({ target }) => target) : []
}
