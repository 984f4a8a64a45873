import type { GuardState, TreeHead } from '../deps.ts'

/** `signed-beyond`: the guard shows that a head was signed which this database does not hold. */
export type GuardVerdict = 'consistent' | 'first-start' | 'missing' | 'stale' | 'ahead' | 'signed-beyond'

/**
 * Whether the database stands where the guard left it, so that going on cannot sign a second history.
 * The guard is written before an append is committed; so it may be one append ahead of the database, as long as that
 * append was never signed. Everything else has to be confirmed by somebody who remembers more.
 *
 * @param head  Size and root of our log in the database.
 * @param guard Undefined when there was none.
 */
export function judgeGuard(head: TreeHead, guard: GuardState | undefined): GuardVerdict {
  if (guard === undefined) return head.size === 0 ? 'first-start' : 'missing'
  const { prev, last, sealed } = guard
  if (last === undefined || prev === undefined) return 'missing'
  if (isSame(last, head)) return 'consistent'
  const signedBeyond =
    sealed !== undefined && (sealed.size > head.size || (sealed.size === head.size && !isSame(sealed, head)))
  if (signedBeyond) return 'signed-beyond'
  if (isSame(prev, head)) return 'consistent'
  return last.size > head.size ? 'ahead' : 'stale'
}

function isSame(a: TreeHead, b: TreeHead): boolean {
  return a.size === b.size && a.root === b.root
}
