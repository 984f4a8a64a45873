import type { Marking, RecordView, Tlp } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'

/** The label as TLP 2.0 writes it. */
export function labelOf({ tlp }: Pick<Marking, 'tlp'>): string {
  return `TLP:${tlp}`
}

/** The whole marking in words, on one line: the label, and whatever restricts it further. */
export function formatMarking(mark: Marking): string {
  const { group, embargoUntil, handling } = mark
  const parts = [
    labelOf(mark),
    ...(group ? [`for the group ${group.finding} of ${plainText(group.iss)}`] : []),
    ...(embargoUntil === undefined ? [] : [`under embargo until ${formatInstant(embargoUntil)}`]),
    ...(handling === undefined ? [] : [`handling: ${plainText(handling)}`]),
  ]
  return parts.join(', ')
}

const labels: readonly Tlp[] = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED']

/** Label of a whole made of these parts; undefined where there is no part. A label this version does not know counts as RED. */
export function strictestOf(parts: Iterable<Tlp>): Tlp | undefined {
  let strictest = -1
  for (const tlp of parts)
    strictest = Math.max(strictest, labels.includes(tlp) ? labels.indexOf(tlp) : labels.length - 1)
  return labels[strictest]
}

/** Name of the institute without the scheme of its entity id, as people read it. */
export function nameOfInstitute(iss: string): string {
  return plainText(iss.replace(/^https:\/\//, ''))
}

/**
 * One title on one line, in the record's own language, else in English, else in any. Of what was taken back, and of a type
 * that has no title, the type in brackets.
 */
export function titleOf({ title, lang, type, status }: Pick<RecordView, 'title' | 'lang' | 'type' | 'status'>): {
  readonly text: string
  readonly lang: string | undefined
} {
  const texts = new Map(Object.entries(title))
  for (const chosen of [lang, 'en', ...texts.keys()]) {
    const text = texts.get(chosen)
    if (text !== undefined) return { text: plainText(text), lang: chosen }
  }
  return { text: status === 'withdrawn' ? `[withdrawn ${type}]` : `[${type}]`, lang: undefined }
}

/** @param seconds Since the epoch. */
export function formatInstant(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
}

/** The day, UTC. @param seconds Since the epoch. */
export function formatDay(seconds: number): string {
  return formatInstant(seconds).slice(0, 10)
}
