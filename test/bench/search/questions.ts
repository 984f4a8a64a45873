import type { FacetName } from '@concordance/protocol'
import { synthesiseRecords, vocabularies } from './corpus.ts'
import { createRandom, pick, pickByWeight, type Random } from './random.ts'

export type Kind = (typeof kinds)[number]

/** One search of the mix, for every engine to say in its own way. */
export interface Question {
  readonly kind: Kind
  /** As people write it. */
  readonly words: readonly string[]
  readonly join: 'and' | 'or' | 'phrase'
  readonly filter?: { readonly name: FacetName; readonly value: string }
}

export const kinds = ['rare', 'middle', 'common', 'and', 'or', 'phrase', 'filtered'] as const

/** Ranks of words by frequency: a common one stands in a third of the records of its language, a rare one in one of a thousand. */
const ranks = { rare: [4_000, 6_000], middle: [200, 1_200], common: [3, 40] } as const

/** So many of each kind, in the languages that the records are in; the same each time. */
export function listQuestions(ofEachKind: number): Question[] {
  const random = createRandom(7)
  return kinds.flatMap((kind) => Array.from({ length: ofEachKind }, () => questionOf(kind, random)))
}

function questionOf(kind: Kind, random: Random): Question {
  const { words } = pickByWeight(random, vocabularies())
  const word = (rank: keyof typeof ranks) => {
    const [from, to] = ranks[rank]
    return words[from + Math.floor(random() * (to - from))] as string
  }
  switch (kind) {
    case 'and':
      return { kind, words: [word('common'), word('middle')], join: 'and' }
    case 'or':
      return { kind, words: [word('middle'), word('middle')], join: 'or' }
    case 'phrase':
      return { kind, words: neighbours(random), join: 'phrase' }
    case 'filtered':
      return { kind, words: [word('common')], join: 'and', filter: pick(random, filters) }
    default:
      return { kind, words: [word(kind)], join: 'and' }
  }
}

const filters = [
  { name: 'developer', value: 'Developer 3' },
  { name: 'benchmark', value: 'Benchmark 5' },
  { name: 'risk', value: 'risk-2' },
  { name: 'type', value: 'observation' },
  { name: 'language', value: 'ar' },
] as const satisfies Question['filter'][]

/** Two words that follow one another in some record, where words are told apart by spaces. */
function neighbours(random: Random): string[] {
  for (;;) {
    const [record] = synthesiseRecords(1, Math.floor(random() * 2 ** 31))
    const text = Object.values((record?.body.plainSummary ?? record?.body.seen) as Record<string, string>)[0] ?? ''
    const [sentence = ''] = text.split('.')
    const words = sentence.split(' ')
    if (words.length > 8) return words.slice(3, 5)
  }
}
