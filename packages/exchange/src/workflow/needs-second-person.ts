import { canonicalize, type GroupBody, isWithin, type JsonValue, type Marking } from '@concordance/protocol'

/** A snapshot of a group, as far as people decide about it. */
export type Circle = Pick<GroupBody, 'name' | 'purpose' | 'members'>

/** What publishing would do. */
export type Act =
  | { readonly kind: 'publish'; readonly mark: Marking }
  | { readonly kind: 'remark'; readonly before: Marking; readonly after: Marking }
  /** `before`: the newest snapshot; absent for a new group. */
  | { readonly kind: 'group'; readonly before: Circle | undefined; readonly after: Circle }

/**
 * Whether an act needs somebody besides its author: it opens anything to anybody outside this institute, whatever the
 * label. RED opens nothing; a narrower marking and a smaller group only take away. The table stands in
 * docs/publishing.md.
 */
export function needsSecondPerson(act: Act): boolean {
  switch (act.kind) {
    case 'publish':
      return act.mark.tlp !== 'RED'
    case 'remark':
      return !isWithin(act.after, act.before)
    case 'group':
      return !act.before || !isSmaller(act.after, act.before)
  }
}

/** Nobody who was not there, no history that was closed, and not a word that nobody has read. */
function isSmaller(after: Circle, before: Circle): boolean {
  const wordsOf = ({ name, purpose = {} }: Circle) => canonicalize({ name, purpose } as JsonValue)
  return wordsOf(after) === wordsOf(before) && after.members.every((member) => isAsNarrow(member, before))
}

function isAsNarrow({ iss, role, historyFrom = 0 }: Circle['members'][number], before: Circle): boolean {
  const was = before.members.find((member) => member.iss === iss)
  return was !== undefined && was.role === role && historyFrom >= (was.historyFrom ?? 0)
}
