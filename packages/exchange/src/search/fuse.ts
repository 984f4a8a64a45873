/** Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): damps the lead of a first place. */
const k = 60

/**
 * Fuses ranked lists into one by reciprocal rank: a node's own scores say nothing about another node's. What stands in
 * several lists counts once, as it stands in the first list that has it.
 *
 * @param idOf Record id: equal ids are one hit.
 */
export function fuse<Hit>(lists: readonly (readonly Hit[])[], idOf: (hit: Hit) => string): Hit[] {
  const fused = new Map<string, { hit: Hit; score: number }>()
  for (const list of lists) {
    for (const [rank, hit] of list.entries()) {
      const known = fused.get(idOf(hit)) ?? { hit, score: 0 }
      fused.set(idOf(hit), { hit: known.hit, score: known.score + 1 / (k + rank + 1) })
    }
  }
  return [...fused.values()].sort((a, b) => b.score - a.score).map(({ hit }) => hit)
}
