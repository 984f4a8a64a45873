import { isNumberToken } from '../json/log-node.ts'
import { type Fold, fold, type Kept, object, type Shape, scalar } from '../json/shape.ts'

/** The reduced scores of one scorer, summed up as they pass; answers and explanations beside them are never read. */
export class ScoreTally implements Fold {
  items = 0
  /** Scores that count as numbers: numbers, booleans and Inspect's letters. */
  numeric = 0
  zerosAndOnes = 0
  sum = 0

  add(item: Kept | undefined): void {
    this.items++
    const score = scoreOf(item instanceof Map ? item.get('value') : undefined)
    if (score === undefined) return
    this.numeric++
    this.sum += score
    if (score === 0 || score === 1) this.zerosAndOnes++
  }
}

export const scoreTally: Shape = fold(object({ value: scalar }), () => new ScoreTally())

const letters = new Map([
  ['C', 1],
  ['P', 0.5],
  ['I', 0],
  ['N', 0],
])

/** As Inspect turns scores into numbers for its metrics. */
function scoreOf(value: Kept | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return letters.get(value)
  if (!isNumberToken(value)) return undefined
  const score = Number(value.token)
  return Number.isFinite(score) ? score : undefined
}
