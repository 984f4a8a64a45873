import type { Marking } from '@concordance/protocol'

/** Whoever asks without the right to something. */
export const viewers = ['anonymous', 'stranger', 'former', 'latecomer', 'researcher', 'staff'] as const
export type Viewer = (typeof viewers)[number]

export const ids = {
  own: 'https://one.example',
  copied: 'https://copied.example',
  stranger: 'https://stranger.example',
  former: 'https://former.example',
  latecomer: 'https://latecomer.example',
  member: 'https://member.example',
} as const

/** Who works on every record here, and so may read those that are RED. */
export const hand = 'ada'

const finding = (last: number) => `00000000-0000-7000-8000-${String(last).padStart(12, '0')}`
const circle = { iss: ids.own, finding: finding(1) }
const inner = { iss: ids.own, finding: finding(2) }
const theirs = { iss: ids.copied, finding: finding(3) }
const others = { iss: ids.copied, finding: finding(4) }

interface Group {
  readonly iss: string
  readonly finding: string
}

type Plain = 'CLEAR' | 'GREEN' | 'RED'
const plain = (tlp: Plain): Marking => ({ tlp, relay: tlp === 'CLEAR' ? 'any' : 'none' })
const amber = (group: Group): Marking => ({ tlp: 'AMBER', relay: 'none', group })
const strict = (group: Group): Marking => ({ tlp: 'AMBER+STRICT', relay: 'none', group })

/** Seconds since the epoch at which every history begins. */
export const beginning = 1_790_000_000
/** Each step has an interval of both logs to itself, and an interval has one leaf. */
export const stepSeconds = 60
const longAfter = beginning + 400 * 24 * 3_600

export interface Member {
  readonly iss: string
  /** Name of the step from whose time on it has the history; all of it where absent. */
  readonly since?: string
}

export type Act =
  | { readonly kind: 'record'; readonly mark: Marking; readonly after?: string }
  | { readonly kind: 'group'; readonly group: Group; readonly members: readonly Member[]; readonly after?: string }
  | { readonly kind: 'marking'; readonly of: string; readonly mark: Marking; readonly own: Marking }
  | { readonly kind: 'withdrawal'; readonly of: string; readonly mark: Marking }
  | { readonly kind: 'draft'; readonly mark: Marking }
  | { readonly kind: 'revision'; readonly of: string }
  | { readonly kind: 'reading'; readonly by: string }
  | { readonly kind: 'copying' }

export interface Step {
  readonly name: string
  readonly log: 'own' | 'copied'
  readonly act: Act
  /** For whom this never was, as far as they can tell; in their other world a cover leaf stands in its place. */
  readonly closedTo: readonly Viewer[]
}

const peers: readonly Viewer[] = ['stranger', 'former', 'latecomer']
const everybody: readonly Viewer[] = viewers
const allButStaff = viewers.filter((viewer) => viewer !== 'staff')

/** In order. What a viewer could know from a time when it was open is in both worlds. */
export const history: readonly Step[] = [
  own('clear-1', record(plain('CLEAR')), []),
  own('green-1', record(plain('GREEN')), ['anonymous']),
  own('circle-1', group(circle, [{ iss: ids.former }, { iss: ids.member }]), ['anonymous', 'stranger', 'researcher']),
  own('amber-early', record(amber(circle)), ['anonymous', 'stranger', 'latecomer']),
  own('strict-early', record(strict(circle)), ['anonymous', 'stranger', 'latecomer', 'researcher']),
  own('embargo-circle', record({ ...plain('GREEN'), group: circle, embargoUntil: longAfter }), [
    'anonymous',
    'stranger',
    'latecomer',
    'researcher',
  ]),
  own('amber-gone', record(amber(circle)), ['anonymous', 'stranger']),
  own('clear-2', record(plain('CLEAR')), []),
  own('red', record(plain('RED')), everybody),
  own('embargo', record({ ...plain('CLEAR'), embargoUntil: longAfter }), allButStaff),
  copied('their-circle', group(theirs, [{ iss: ids.own }]), ['anonymous', ...peers]),
  copied('their-clear', record(plain('CLEAR')), []),
  copied('their-green', record(plain('GREEN')), ['anonymous']),
  copied('their-amber', record(amber(theirs)), ['anonymous', ...peers]),
  copied('their-strict', record(strict(theirs)), ['anonymous', ...peers, 'researcher']),
  copied('their-red', record(plain('RED')), everybody),
  copied('their-moved', record(amber(theirs)), everybody),
  copied('their-embargo', record({ ...plain('CLEAR'), group: theirs, embargoUntil: longAfter }), [
    'anonymous',
    ...peers,
    'researcher',
  ]),
  own('copying-1', { kind: 'copying' }, []),
  own('reading', { kind: 'reading', by: ids.former }, []),
  own('circle-2', group(circle, [{ iss: ids.member }, { iss: ids.latecomer, since: 'circle-2' }], 'circle-1'), [
    'anonymous',
    'stranger',
    'researcher',
  ]),
  own('amber-late', record(amber(circle)), ['anonymous', 'stranger', 'former']),
  own('strict-late', record(strict(circle)), ['anonymous', 'stranger', 'former', 'researcher']),
  own('amber-withdrawal', withdrawal('amber-gone', amber(circle)), ['anonymous', 'stranger']),
  own('chain-1', record(plain('CLEAR')), []),
  own('chain-2', record(amber(circle), 'chain-1'), ['anonymous', 'stranger', 'former']),
  own('fork-1', record(plain('GREEN')), ['anonymous']),
  own('fork-2', record(plain('RED'), 'fork-1'), everybody),
  own('narrowed', record(plain('CLEAR')), ['anonymous']),
  own('narrowing', marking('narrowed', amber(circle), amber(circle)), ['anonymous']),
  own('hushed', record(plain('CLEAR')), ['anonymous', 'researcher', 'staff']),
  own('hushing', marking('hushed', plain('RED'), plain('RED')), ['anonymous', 'researcher', 'staff']),
  own('tightened', record(amber(circle)), ['anonymous', 'stranger', 'former', 'researcher']),
  own('tightening', marking('tightened', strict(circle), strict(circle)), [
    'anonymous',
    'stranger',
    'former',
    'researcher',
  ]),
  own('strict-gone', record(strict(circle)), ['anonymous', 'stranger', 'former', 'researcher']),
  own('strict-withdrawal', withdrawal('strict-gone', strict(circle)), [
    'anonymous',
    'stranger',
    'former',
    'researcher',
  ]),
  own('red-gone', record(plain('RED')), everybody),
  own('red-withdrawal', withdrawal('red-gone', plain('RED')), everybody),
  own('clear-gone', record(plain('CLEAR')), []),
  own('clear-withdrawal', withdrawal('clear-gone', plain('CLEAR')), []),
  own('inner-1', group(inner, [{ iss: ids.member }]), allButStaff),
  own('inner-amber', record(amber(inner)), ['anonymous', ...peers]),
  own('inner-2', group(inner, [{ iss: ids.member }], 'inner-1'), allButStaff),
  copied('their-moving', marking('their-moved', amber(others), amber(others)), everybody),
  copied('their-chain-1', record(plain('CLEAR')), []),
  copied('their-chain-2', record(strict(theirs), 'their-chain-1'), ['anonymous', ...peers, 'researcher']),
  copied('their-hushed', record(plain('CLEAR')), ['anonymous', 'researcher']),
  copied('their-hushing', marking('their-hushed', strict(theirs), strict(theirs)), ['anonymous', 'researcher']),
  copied('their-gone', record(strict(theirs)), ['anonymous', ...peers, 'researcher']),
  copied('their-withdrawal', withdrawal('their-gone', strict(theirs)), ['anonymous', ...peers, 'researcher']),
  own('copying-2', { kind: 'copying' }, []),
  own('draft', { kind: 'draft', mark: plain('GREEN') }, []),
  own('red-draft', { kind: 'draft', mark: plain('RED') }, everybody),
  own('red-revision', { kind: 'revision', of: 'red' }, everybody),
  own('circle-3', group(circle, [{ iss: ids.member }, { iss: ids.latecomer, since: 'circle-2' }], 'circle-2'), [
    'anonymous',
    'stranger',
    'former',
    'researcher',
  ]),
  own('clear-3', record(plain('CLEAR')), []),
  // Acknowledged, and in no tree yet.
  own('red-waiting', record(plain('RED')), everybody),
]

/** Seconds since the epoch at which a step is taken. */
export function timeOf(name: string): number {
  return beginning + history.findIndex((step) => step.name === name) * stepSeconds
}

function own(name: string, act: Act, closedTo: readonly Viewer[]): Step {
  return { name, log: 'own', act, closedTo }
}

function copied(name: string, act: Act, closedTo: readonly Viewer[]): Step {
  return { name, log: 'copied', act, closedTo }
}

function record(mark: Marking, after?: string): Act {
  return { kind: 'record', mark, ...(after !== undefined && { after }) }
}

function group(which: Group, members: readonly Member[], after?: string): Act {
  return { kind: 'group', group: which, members, ...(after !== undefined && { after }) }
}

function marking(of: string, mark: Marking, ownMark: Marking): Act {
  return { kind: 'marking', of, mark, own: ownMark }
}

function withdrawal(of: string, mark: Marking): Act {
  return { kind: 'withdrawal', of, mark }
}
