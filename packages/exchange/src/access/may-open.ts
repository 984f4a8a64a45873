import type { Marking, Tlp } from '@concordance/protocol'

/** Whoever asks. */
export type Viewer =
  | { readonly kind: 'public' }
  /**
   * Another institute's node, active as this node sees it; `ceiling` is the highest label our configuration opens to it.
   * Asking for its researchers, it is shown what they may read there. Asking live, it is shown nothing above its ceiling, which
   * is then that of the question: a withdrawal of what it was sent reaches it by copying.
   */
  | {
      readonly kind: 'peer'
      readonly iss: string
      readonly ceiling: Tlp
      readonly for?: 'researcher'
      readonly isLive?: true
    }
  /** Somebody signed in here, or a program of theirs: staff of this institute, or a researcher. */
  | { readonly kind: 'person'; readonly subject: string; readonly staff: boolean }

/** What the rule looks at. */
export interface Guarded {
  /** From our own log; otherwise a mirrored record, which its origin opened to this institute. */
  readonly isOwn: boolean
  readonly type: string
  /** The effective one. */
  readonly mark: Marking
  /** Of the statement, seconds since the epoch. */
  readonly iat: number
  /** Taken back by its institute, or hidden because what takes it back cannot be interpreted. */
  readonly isTakenBack: boolean
  /** Mirrored, and its origin has closed it to this institute since. */
  readonly isRevoked?: boolean
  /** RED: subjects who worked on it. Group record: the institutes that this very snapshot lists. */
  readonly readers?: readonly string[] | undefined
  /** Newest snapshot of the group that the marking names; absent where none is known. */
  readonly group?: GroupSnapshot | undefined
  /** Marking record or withdrawal of our own: the record it is about. */
  readonly target?: Guarded | undefined
  /** Withdrawal of our own: whether the viewer was ever sent what it takes back. */
  readonly wasSent?: boolean
}

export interface GroupSnapshot {
  /** Seconds since the epoch. */
  readonly validUntil: number
  readonly members: readonly { readonly iss: string; readonly historyFrom: number }[]
}

/** `hash`: closed, as if it did not exist. `statement`: the signed part alone. `open`: all of it. */
export type Openness = 'hash' | 'statement' | 'open'

/** Why the rule opens or closes; the words for people are in `explain.ts`. */
export type Reason =
  | 'clear'
  | 'green'
  | 'member'
  | 'staff'
  | 'researcher'
  | 'reader'
  | 'was-sent'
  | 'embargo'
  | 'not-a-member'
  | 'group-unknown'
  | 'group-expired'
  | 'history'
  | 'ceiling'
  | 'red'
  | 'label'
  | 'revoked'
  | 'not-relayed'
  | 'target'

export interface Verdict {
  readonly openness: Openness
  readonly because: Reason
}

/**
 * Who may see what: the one rule behind reading, lists, counts, search, sync, export, feeds and the preview of an
 * audience. Default deny; a label this version does not know is for our own staff alone.
 *
 * @param nowSeconds Our clock; embargoes and groups end by it.
 */
export function mayOpen(viewer: Viewer, guarded: Guarded, nowSeconds: number): Openness {
  return judge(viewer, guarded, nowSeconds).openness
}

/** As `mayOpen`, with the reason. A record that was taken back keeps its statement and closes its body. */
export function judge(viewer: Viewer, guarded: Guarded, nowSeconds: number): Verdict {
  const [isEntitled, because] = entitle(viewer, guarded, nowSeconds)
  return { openness: isEntitled ? (guarded.isTakenBack ? 'statement' : 'open') : 'hash', because }
}

/** What another institute says of its own markings is handed on to nobody. */
function isStaff(viewer: Viewer): boolean {
  return viewer.kind === 'person' && viewer.staff
}

type Entitlement = readonly [isEntitled: boolean, because: Reason]

function entitle(viewer: Viewer, guarded: Guarded, now: number): Entitlement {
  const entitled = entitleAtAll(viewer, guarded, now)
  if (!entitled[0] || viewer.kind !== 'peer' || viewer.for !== 'researcher') return entitled
  const asResearcher = entitleResearcher(guarded, now)
  return asResearcher[0] ? entitled : asResearcher
}

function entitleAtAll(viewer: Viewer, guarded: Guarded, now: number): Entitlement {
  const { isOwn, type, isRevoked, wasSent, target } = guarded
  if (isRevoked) return [false, 'revoked']
  if (!isOwn && type === 'marking' && !isStaff(viewer)) return [false, 'not-relayed']
  if (isOwn && type === 'withdrawal' && wasSent && viewer.kind === 'peer' && reaches(viewer, guarded))
    return [true, 'was-sent']
  const byMarking = entitleByMarking(viewer, guarded, now)
  if (!byMarking[0] || !isOwn || !(type === 'marking' || type === 'withdrawal')) return byMarking
  return target && entitle(viewer, target, now)[0] ? byMarking : [false, 'target']
}

/** Whether what was sent once may follow what it is about. RED never leaves: its target was closed to them when it became RED. */
function reaches({ isLive, ceiling }: PeerViewer, { mark }: Guarded): boolean {
  return isLive ? labelsUpTo(ceiling).includes(mark.tlp) : mark.tlp !== 'RED'
}

function entitleByMarking(viewer: Viewer, guarded: Guarded, now: number): Entitlement {
  switch (viewer.kind) {
    case 'public':
      return entitlePublic(guarded, now)
    case 'peer':
      return guarded.isOwn ? entitlePeer(viewer, guarded, now) : entitlePublic(guarded, now)
    case 'person':
      return viewer.staff ? entitleStaff(viewer.subject, guarded) : entitleResearcher(guarded, now)
  }
}

function entitlePublic({ isOwn, mark }: Guarded, now: number): Entitlement {
  if (mark.tlp !== 'CLEAR') return [false, isOwn ? 'label' : 'not-relayed']
  return isUnderEmbargo(mark, now) ? [false, 'embargo'] : [true, 'clear']
}

export type PeerViewer = Extract<Viewer, { kind: 'peer' }>

function entitlePeer(viewer: PeerViewer, guarded: Guarded, now: number): Entitlement {
  const { mark } = guarded
  if (mark.tlp === 'RED') return [false, 'red']
  if (!labelsUpTo(viewer.ceiling).includes(mark.tlp)) return [false, 'ceiling']
  const isCommon = mark.tlp === 'CLEAR' || mark.tlp === 'GREEN'
  if (isCommon && !isUnderEmbargo(mark, now)) return [true, mark.tlp === 'CLEAR' ? 'clear' : 'green']
  if (isCommon && !mark.group) return [false, 'embargo']
  return entitleMember(viewer, guarded, now)
}

/** A group record opens to the members it lists that are members still. */
function entitleMember({ iss }: PeerViewer, { group, type, iat, readers }: Guarded, now: number): Entitlement {
  if (!group) return [false, 'group-unknown']
  const member = group.members.find((one) => one.iss === iss)
  if (!member) return [false, 'not-a-member']
  if (group.validUntil <= now) return [false, 'group-expired']
  if (type === 'group') return readers?.includes(iss) ? [true, 'member'] : [false, 'not-a-member']
  return iat >= member.historyFrom ? [true, 'member'] : [false, 'history']
}

function entitleStaff(subject: string, { isOwn, mark, readers }: Guarded): Entitlement {
  if (!isOwn || mark.tlp !== 'RED') return [true, 'staff']
  return readers?.includes(subject) ? [true, 'reader'] : [false, 'red']
}

function entitleResearcher({ type, mark }: Guarded, now: number): Entitlement {
  if (type === 'group' || !forResearchers.includes(mark.tlp)) return [false, 'label']
  return isUnderEmbargo(mark, now) ? [false, 'embargo'] : [true, 'researcher']
}

function isUnderEmbargo({ embargoUntil }: Marking, now: number): boolean {
  return embargoUntil !== undefined && embargoUntil > now
}

/** TLP 2.0 lets a recipient pass AMBER on to those it works for; AMBER+STRICT stays with its staff. */
export const forResearchers: readonly Tlp[] = ['CLEAR', 'GREEN', 'AMBER']

const labels: readonly Tlp[] = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT']

/** Labels that a peer of this ceiling may be given; RED is never among them. */
export function labelsUpTo(ceiling: Tlp): readonly Tlp[] {
  return labels.slice(0, labels.indexOf(ceiling) + 1)
}
