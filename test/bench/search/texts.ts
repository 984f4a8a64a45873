import type { FacetName } from '@concordance/protocol'
import { describeRecord } from '../../../packages/exchange/src/search/describe-record.ts'
import type { FacetSet } from '../../../packages/exchange/src/search/facet-sets.ts'
import { bodySetsOf, headSetOf } from '../../../packages/exchange/src/search/facets.ts'
import { tokenise } from '../../../packages/exchange/src/search/tokenise.ts'
import { synthesiseRecords } from './corpus.ts'
import type { FacetSets } from './engine.ts'
import type { Question } from './questions.ts'

/** A record as the engines beside us get it: cut into the same words, so that none has to tell languages apart. */
export interface BesideText {
  /** From 1; a later one is newer. */
  readonly id: number
  readonly title: string
  /** Words with a space between. */
  readonly text: string
  /** Each value of each facet as a word. */
  readonly facets: readonly string[]
  /** Ids of sets of values that occur together: they are counted instead of values, as here. */
  readonly sets: readonly number[]
}

/**
 * The records of the bench for any engine.
 *
 * @param known Is given each facet set under its id.
 */
export function* listTexts(count: number, known: FacetSets): Generator<BesideText> {
  const ids = new Map<string, number>()
  const idOf = (set: FacetSet) => {
    const key = JSON.stringify(set)
    const id = ids.get(key) ?? ids.size
    ids.set(key, id)
    known.set(id, set)
    return id
  }
  let id = 0
  for (const { type, lang, iat, body } of synthesiseRecords(count)) {
    const { title, text, facets } = describeRecord(type, JSON.stringify(body))
    const { system, test, risk, setting } = bodySetsOf(facets)
    id += 1
    yield {
      id,
      title: spaced(Object.values(title).join(' ')),
      text: text.map((part) => spaced(part.text)).join(' '),
      facets: wordsOf({ ...facets, type, lang }),
      sets: [headSetOf({ iss: 'https://one.example', type, tlp: 'CLEAR', iat }), system, test, risk, setting].map(idOf),
    }
  }
}

function spaced(text: string): string {
  return tokenise(text)
    .map(({ exact }) => exact)
    .join(' ')
}

function wordsOf(facets: Readonly<Record<string, string | readonly string[]>>): string[] {
  return Object.entries(facets).flatMap(([name, values]) => [values].flat().map((value) => facetWord(name, value)))
}

/** Letters and digits only, so that no engine reads anything into it. */
export function facetWord(name: FacetName | (string & {}), value: string): string {
  return `facet${name}${value.replace(/[^\p{L}\p{N}]/gu, '')}`.toLowerCase()
}

/** What one typed word is to an engine: words that follow one another where it has no spaces. */
export function termsOf({ words }: Question): string[][] {
  return words.map((word) =>
    tokenise(word)
      .filter(({ part }) => part !== 'last')
      .map(({ exact }) => exact),
  )
}
