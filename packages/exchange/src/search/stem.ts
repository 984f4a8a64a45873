import type pg from 'pg'
import { fold } from './characters.ts'
import { afterStemming, beforeStemming, keepsBeginning, ownStem, type Stemming, stemmingFor } from './languages.ts'
import { prepare, type Token } from './tokenise.ts'

/** What stems are found with: a memory that lasts, and the connection that is asked for what it does not hold. */
export interface Stemmer {
  readonly memory: StemMemory
  /** Inside a transaction the client that holds it: a second connection could wait for ever. */
  readonly connection: Pick<pg.ClientBase, 'query'>
}

/** See `createStemMemory`. */
export interface StemMemory {
  /** @returns '' where the stem is the word; `undefined` where it is not known. */
  recall(stemming: Stemming, word: string): string | undefined
  keep(stemming: Stemming, word: string, stem: string): void
  /** The dictionaries that the server has, once it was asked. */
  dictionaries?: ReadonlySet<string>
}

/**
 * Remembers stems that are in use. Two generations of words: when the younger one is full the older one is forgotten, so
 * that a flood of words that nobody asks for again costs no more than that.
 *
 * @param wordsAtMost Of one generation, all stemmers together; about 100 bytes each.
 */
export function createStemMemory(wordsAtMost = 50_000): StemMemory {
  let young: Generation = new Map()
  let old: Generation = new Map()
  let size = 0
  const keep = (stemming: Stemming, word: string, stem: string) => {
    if (size >= wordsAtMost) {
      old = young
      young = new Map()
      size = 0
    }
    const words = young.get(stemming) ?? new Map<string, string>()
    young.set(stemming, words.set(word, stem))
    size += 1
  }
  const recall = (stemming: Stemming, word: string) => {
    const known = young.get(stemming)?.get(word)
    if (known !== undefined) return known
    const older = old.get(stemming)?.get(word)
    if (older !== undefined) keep(stemming, word, older)
    return older
  }
  return { recall, keep }
}

type Generation = Map<Stemming, Map<string, string>>

export interface StemmedText {
  /** BCP 47. */
  readonly lang?: string | undefined
  readonly tokens: readonly Token[]
}

/**
 * The folded stem of every token, '' where it has none or is its own, in the order of the tokens. Words that the memory
 * does not hold are asked for in one statement for all texts.
 *
 * @param beginnings First code units of the stems that matter: words whose stem begins otherwise are passed over.
 */
export async function listStems(
  stemmer: Stemmer,
  texts: readonly StemmedText[],
  beginnings?: ReadonlySet<number>,
): Promise<string[][]> {
  const unknown: Unknown[] = []
  const stems = texts.map(({ lang, tokens }) => {
    const stemmingOf = stemmingFor(lang)
    const found: string[] = new Array(tokens.length).fill('')
    tokens.forEach(({ word, exact }, i) => {
      const stemming = word !== undefined && isStemmable(word) ? stemmingOf(word) : undefined
      if (word === undefined || stemming === undefined) return
      if (beginnings?.has(exact.charCodeAt(0)) === false && keepsBeginning(stemming)) return
      const known = recallStem(stemmer.memory, stemming, word)
      if (known === undefined) unknown.push({ stemming, word, found, i })
      else found[i] = known
    })
    return found
  })
  if (unknown.length > 0) {
    const learnt = await learnStems(stemmer, unknown)
    for (const [asked, { found, i }] of unknown.entries()) found[i] = learnt[asked] as string
  }
  return stems
}

/**
 * The folded stems of typed words, '' where a word has none or is its own. The memory is neither asked nor filled: how long
 * an answer takes must not tell whether a word stands in a record, or whether somebody asked for it before.
 */
export async function stemTyped({ memory, connection }: Stemmer, words: readonly Stemmed[]): Promise<string[]> {
  const asked = words.filter(({ stemming, word }) => isStemmable(word) && ownStem(stemming, word) === undefined)
  const found = (await askStems({ memory, connection }, asked)).values()
  return words.map(({ stemming, word }) => {
    if (!isStemmable(word)) return ''
    const own = ownStem(stemming, word)
    return own === undefined ? (found.next().value as string) : stemApart(own, word)
  })
}

interface Stemmed {
  readonly stemming: Stemming
  readonly word: string
}

interface Unknown extends Stemmed {
  readonly found: string[]
  readonly i: number
}

function isStemmable(word: string): boolean {
  return word.length > 2 && word.length <= 40
}

function recallStem(memory: StemMemory, stemming: Stemming, word: string): string | undefined {
  const own = ownStem(stemming, word)
  return own === undefined ? memory.recall(stemming, word) : stemApart(own, word)
}

/** Stems as they are compared; '' for one that is the word. */
function stemApart(stem: string, word: string): string {
  const folded = fold(prepare(stem))
  return folded === fold(word) ? '' : folded
}

async function learnStems(stemmer: Stemmer, words: readonly Stemmed[]): Promise<string[]> {
  const keyOf = ({ stemming, word }: Stemmed) => `${stemming} ${word}`
  const distinct = [...new Map(words.map((asked) => [keyOf(asked), asked])).values()]
  const found = await askStems(stemmer, distinct)
  const stems = new Map(distinct.map((asked, i) => [keyOf(asked), found[i] as string]))
  distinct.forEach(({ stemming, word }, i) => {
    stemmer.memory.keep(stemming, ownCopy(word), ownCopy(found[i] as string))
  })
  return words.map((asked) => stems.get(keyOf(asked)) as string)
}

async function askStems({ memory, connection }: Stemmer, words: readonly Stemmed[]): Promise<string[]> {
  if (words.length === 0) return []
  memory.dictionaries ??= await listDictionaries(connection)
  const known = memory.dictionaries
  const { rows } = await connection.query<{ stem: string | null }>({
    name: 'ask-stems',
    text: `select (ts_lexize(dictionary::regdictionary, word))[1] as stem
           from unnest($1::text[], $2::text[]) with ordinality as asked (dictionary, word, number) order by number`,
    values: [
      words.map(({ stemming }) => (known.has(stemming) ? `pg_catalog.${stemming}` : 'pg_catalog.simple')),
      words.map(({ stemming, word }) => beforeStemming(stemming, word)),
    ],
  })
  return words.map(({ stemming, word }, i) => stemApart(afterStemming(stemming, rows[i]?.stem ?? ''), word))
}

/** A slice keeps alive the whole text it was cut from; what is remembered must not. */
function ownCopy(text: string): string {
  return Buffer.from(text).toString()
}

/** Not every release of PostgreSQL has every stemmer. */
async function listDictionaries(connection: Stemmer['connection']): Promise<ReadonlySet<string>> {
  const { rows } = await connection.query<{ dictname: string }>(
    `select dictname from pg_ts_dict where dictnamespace = 'pg_catalog'::regnamespace`,
  )
  return new Set(rows.map(({ dictname }) => dictname))
}
