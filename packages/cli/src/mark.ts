import type { Marking, Tlp } from '@concordance/protocol'
import { usageFailure } from './failure.ts'
import { parseSeconds } from './parse-time.ts'

const relayOf: Record<Tlp, Marking['relay']> = {
  CLEAR: 'any',
  GREEN: 'none',
  AMBER: 'none',
  'AMBER+STRICT': 'none',
  RED: 'none',
}

/**
 * The narrowest marking of a label; AMBER and AMBER+STRICT are for a group.
 *
 * @param group As `ENTITY-ID FINDING`.
 * @throws {Failure} as a wrong command line.
 */
export function markOf(label: string, group?: string): Marking {
  const tlp = label.toUpperCase().replace(/^TLP:/, '')
  if (!isTlp(tlp)) throw usageFailure(`${label} is not a TLP label`, `use one of ${Object.keys(relayOf).join(', ')}`)
  const mark = { tlp, relay: relayOf[tlp] }
  if (tlp !== 'AMBER' && tlp !== 'AMBER+STRICT') {
    if (group !== undefined) throw usageFailure(`${tlp} takes no group`, 'leave --group away, or use AMBER')
    return mark
  }
  const [iss, finding, rest] = group?.split(/\s+/) ?? []
  if (!iss || !finding || rest !== undefined) {
    throw usageFailure(`${tlp} needs a group`, 'pass --group "ENTITY-ID FINDING", the finding of the group record')
  }
  return { ...mark, group: { iss, finding } }
}

/** A marking as options spell it. */
export interface MarkOptions {
  readonly tlp: string
  readonly group?: string
  readonly embargoUntil?: string
}

/** As `markOf`, with an embargo. @throws {Failure} as a wrong command line. */
export function newMarkOf({ tlp, group, embargoUntil }: MarkOptions): Marking {
  const mark = markOf(tlp, group)
  return embargoUntil === undefined ? mark : { ...mark, embargoUntil: parseSeconds(embargoUntil) }
}

/** Who gets a record of this marking from the node, in words. */
export function audienceOf({ tlp, group, embargoUntil }: Marking): string {
  const late = embargoUntil === undefined ? '' : `, from ${new Date(embargoUntil * 1000).toISOString()} on`
  switch (tlp) {
    case 'CLEAR':
      return `everyone, without sign-in${late}`
    case 'GREEN':
      return `every active peer${late}`
    case 'AMBER':
    case 'AMBER+STRICT':
      return `the institutes of the group ${group?.finding ?? '(none)'} of ${group?.iss ?? '(nobody)'}${late}`
    case 'RED':
      return 'nobody outside this institute: peers see that an entry is there, and nothing of it'
  }
}

function isTlp(text: string): text is Tlp {
  return Object.hasOwn(relayOf, text)
}
