import type { Viewer } from './may-open.ts'

/** What labels of the search index say to a viewer (see `search_label` in `migrations/0011_search.sql`). */
export interface LabelReach {
  /** Up to this one a record is open. */
  readonly open: number
  /** From this one on the rule has to be asked of the record. In between it is closed. */
  readonly ask: number
}

/** Numbers of the labels at which the reach of one kind of viewer ends. */
const last = { clear: 1, ownGreen: 2, amber: 5, whole: 7 } as const
const first = { ownAmber: 5, unsaid: 8 } as const

/**
 * The rule on labels alone. A property test holds it to `mayOpen`.
 *
 * `open` is what a released record without a group has in it for this viewer; a peer gets AMBER by its group alone, so the
 * rule is asked of every record of our own from there on.
 */
export function labelReachOf(viewer: Viewer): LabelReach {
  switch (viewer.kind) {
    case 'public':
      return { open: last.clear, ask: first.unsaid }
    case 'peer': {
      const open = viewer.ceiling === 'CLEAR' ? last.clear : last.ownGreen
      const mayHaveGroups = viewer.ceiling !== 'CLEAR' && viewer.ceiling !== 'GREEN'
      return { open, ask: mayHaveGroups ? first.ownAmber : first.unsaid }
    }
    case 'person':
      return { open: viewer.staff ? last.whole : last.amber, ask: first.unsaid }
  }
}
