import MiniSearch, { type Query } from 'minisearch'
import { type Answer, countValues, type FacetSets, hitsShown } from './engine.ts'
import type { Question } from './questions.ts'
import { facetWord, listTexts, termsOf } from './texts.ts'

const sets: (readonly number[])[] = []
const texts: string[] = []
const facets: ReadonlySet<string>[] = []
const engine = new MiniSearch<{ id: number; title: string; text: string }>({
  fields: ['title', 'text'],
  tokenize: (text) => text.split(' '),
  processTerm: (term) => term,
})
const known: FacetSets = new Map()
for (const { id, title, text, ...record } of listTexts(Number(process.argv[2]), known)) {
  engine.add({ id, title, text })
  sets[id] = record.sets
  texts[id] = ` ${title} ${text} `
  facets[id] = new Set(record.facets)
}
globalThis.gc?.()
process.send?.('ready')

process.on('message', (question: Question) => process.send?.(answer(question)))

/** Phrases it does not know: what has all the words is held against the text. */
function answer(question: Question): Answer {
  const { join, filter: asked } = question
  const terms = termsOf(question)
  const phrases = join === 'phrase' ? [terms.flat()] : terms
  const query: Query = {
    combineWith: join === 'or' ? 'OR' : 'AND',
    queries: terms.map((term) => ({ combineWith: 'AND', queries: term })),
  }
  const wanted = asked && facetWord(asked.name, asked.value)
  const isThere = (id: number) =>
    phrases[join === 'or' ? 'some' : 'every']((phrase) => texts[id]?.includes(` ${phrase.join(' ')} `))
  const isSure = phrases.every((phrase) => phrase.length === 1)
  const filter = ({ id }: { id: number }) =>
    (wanted === undefined || facets[id]?.has(wanted) === true) && (isSure || isThere(id))
  const started = performance.now()
  const found = engine.search(query, { boost: { title: 4 }, ...(!(isSure && wanted === undefined) && { filter }) })
  const counts = new Map<number, number>()
  for (const { id } of found) for (const set of sets[id] ?? []) counts.set(set, (counts.get(set) ?? 0) + 1)
  countValues(known, counts)
  found.slice(0, hitsShown)
  return { matched: found.length, tookMs: performance.now() - started }
}
