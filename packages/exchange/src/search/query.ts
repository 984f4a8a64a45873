import { quote, titleWord } from './format-words.ts'
import { beginningOf, isPlausibleStem, ownStem, plausibleStemmings } from './languages.ts'
import { type Stemmer, stemTyped } from './stem.ts'
import { prepare, type Token, tokensOf } from './tokenise.ts'

export interface ParsedQuery {
  /** A tsquery in text form: which records match. */
  readonly match: string
  /** The same for each thing that was asked for: which of them have it in their title. By how many of these matches are ranked. */
  readonly titles: readonly string[]
  /** What snippets show. */
  readonly highlight: Highlight
}

/** What was asked for, without what was asked to be absent. */
export type Highlight = readonly Phrase[]
/** Words that follow one another. */
export type Phrase = readonly Place[]
export interface Place {
  /** Positions from the place before. */
  readonly distance: number
  /** Any of these. */
  readonly forms: readonly Form[]
}
export interface Form {
  readonly lexeme: string
  /** Also whatever begins so. */
  readonly isPrefix?: true
  /** As it was written, not as a stem. */
  readonly isExact?: true
}

/**
 * What a person typed. Every word must occur, in any form that a stemmer knows; `"quoted words"` as they are and in this
 * order; `begin*` whatever begins so, by two letters at least; `-word` must not occur; of `this OR that` one. Built from tokens alone, so nothing
 * typed can be an operator of PostgreSQL. Beyond 400 UTF-16 units or 64 terms nothing is read.
 *
 * @param languages BCP 47: read words in these languages only; where absent, in every language of their script.
 * @returns undefined where nothing searchable was typed.
 */
export async function parseQuery(
  stemmer: Stemmer,
  typed: string,
  languages?: readonly string[],
): Promise<ParsedQuery | undefined> {
  const clauses = readClauses(typed)
  if (clauses.length === 0) return undefined
  const stems = await stemsFor(stemmer, clauses, languages)
  const terms = clauses.map((clause) =>
    clause.map(({ isAbsent, readings }) => ({
      isAbsent,
      phrases: readings.flatMap((reading) => phrasesOf(reading, stems)),
    })),
  )
  const ranking = terms.filter((clause) => presentIn(clause).length > 0).slice(0, rankedAtMost)
  return {
    match: formatQuery(terms),
    titles: ranking.map((clause) => formatTitled(terms, clause)),
    highlight: terms.flatMap(presentIn).flatMap(({ phrases }) => phrases),
  }
}

const unitsAtMost = 400
const termsAtMost = 64
/** Each more of them costs another look into the index. */
const rankedAtMost = 8
/** Of one word: of a sentence without spaces, the beginning. */
const tokensAtMost = 128

/** One of several ways to read a typed word. */
interface Reading {
  readonly tokens: readonly Token[]
  /** In quotes: no other form of a word will do. */
  readonly isExact: boolean
  readonly isPrefix: boolean
}

interface TypedTerm {
  readonly isAbsent: boolean
  readonly readings: readonly Reading[]
}

/** Any term of a clause will do. */
type Clause = readonly TypedTerm[]

const part =
  /(?<or>(?<![^\s"])(?:OR|\|)(?![^\s"]))|(?<absent>(?<![^\s"])[-－](?=\S))?(?:"(?<quoted>[^"]*)"?|(?<word>[^\s"]+))/gu
const quotes = /[“”„‟«»＂「」『』]/g
/** The space that some leave within a Persian word. */
const apart = /(?<=[\u0600-\u06FF]) (?=ها(?:[یي]|[یي]{2})?(?:[\s*]|$))|(?<=(?:^|\s)ن?م[یي]) (?=[\u0600-\u06FF])/gu

function readClauses(typed: string): Clause[] {
  const clauses: TypedTerm[][] = []
  let isAlternative = false
  const text = typed.slice(0, unitsAtMost).toWellFormed().replaceAll(quotes, '"').replaceAll(apart, '\u200C')
  for (const { groups = {} } of [...text.matchAll(part)].slice(0, termsAtMost)) {
    const { or, absent, quoted, word = '' } = groups
    if (or !== undefined) {
      isAlternative = clauses.length > 0
      continue
    }
    const readings = quoted === undefined ? readingsOf(word) : readingsOf(quoted, true)
    if (readings.length > 0) {
      const term = { isAbsent: absent !== undefined, readings }
      if (isAlternative) clauses.at(-1)?.push(term)
      else clauses.push([term])
    }
    isAlternative = false
  }
  return clauses
}

function readingsOf(typed: string, isExact = false): Reading[] {
  const isPrefix = !isExact && /[*＊]$/u.test(typed)
  const text = isExact ? prepare(typed) : prepare(typed).replace(elision, '')
  const texts = isExact || isPrefix ? [text] : [text, text.replace(particle, '')]
  return [...new Set(texts)]
    .map((each) => ({ tokens: tokensOf(each).filter(isAsked).slice(0, tokensAtMost), isExact, isPrefix }))
    .filter(({ tokens }) => tokens.length > 0)
}

/** The last character of a run stands in its last pair already. */
function isAsked({ part }: Token): boolean {
  return part !== 'last'
}

/** Articles and the like that French, Italian and Catalan write onto the next word. */
const elision = /^(?:[ldjmtsnc]|qu|dell|all|nell|sull|dall|un)['’ʼ](?=\p{L}{2})/u
/** What Korean writes onto a noun. A word in Hangul keeps two syllables; one in other letters may lose all Hangul. */
const particle =
  /(?<=\p{sc=Hangul}{2}|[^\p{sc=Hangul}\s])(?:들?(?:에서는|으로서|으로써|에서|에게|에는|으로|까지|부터|보다|처럼|이나|이라는|은|는|이|가|을|를|의|에|와|과|로|도|만)|들|적인|적으로|하다|하는|하고|하여|해서|했다|한다|합니다|되는|된다|됩니다)$/u

type Stems = ReadonlyMap<string, readonly string[]>

async function stemsFor(
  stemmer: Stemmer,
  clauses: readonly Clause[],
  languages: readonly string[] | undefined,
): Promise<Stems> {
  const readings = clauses.flat().flatMap((term) => term.readings)
  const words = readings.flatMap(({ isExact, tokens }) => (isExact ? [] : tokens.flatMap(({ word }) => word ?? [])))
  const asked = [...new Set(words)].flatMap((word) =>
    plausibleStemmings(word, languages).map((stemming) => ({ word, stemming })),
  )
  const found = await stemTyped(stemmer, asked)
  const stems = new Map<string, string[]>()
  asked.forEach(({ word }, i) => {
    const known = stems.get(word) ?? []
    const stem = found[i] as string
    if (stem !== '' && !known.includes(stem) && (languages || isPlausibleStem(stem, word))) known.push(stem)
    stems.set(word, known)
  })
  return stems
}

function phrasesOf({ tokens, isExact, isPrefix }: Reading, stems: Stems): Phrase[] {
  const places = tokens.map((token, i) => ({
    distance: i === 0 ? 0 : token.at - (tokens[i - 1] as Token).at,
    forms: formsOf(token, { stems, isExact, isPrefix: isPrefix && i === tokens.length - 1 }),
  }))
  const joined = isExact ? [] : joinedForms(tokens, isPrefix)
  return joined.length === 0 ? [places] : [places, [{ distance: 0, forms: joined }]]
}

/** A word of parts also as others write it: in one, and without a Persian ending. */
function joinedForms([first]: readonly Token[], isPrefix: boolean): Form[] {
  if (first?.joined === undefined) return []
  const { joined } = first
  const stem = ownStem('persian', joined)
  return [
    { lexeme: joined, ...(isPrefix && prefix) },
    ...(stem === undefined || stem === joined || isPrefix ? [] : [{ lexeme: stem }]),
  ]
}

const prefix = { isPrefix: true } as const

function formsOf(
  { exact, word, part }: Token,
  { stems, isExact, isPrefix }: { stems: Stems; isExact: boolean; isPrefix: boolean },
): Form[] {
  if (part === 'single') return [{ lexeme: exact, ...prefix }]
  if (part === 'pair') return [{ lexeme: exact }]
  if (isExact) return [{ lexeme: exact, isExact: true }]
  if (isPrefix && exact.length > 1) return [{ lexeme: exact, ...prefix }]
  const others = word === undefined ? [] : (stems.get(word) ?? [])
  const beginning = beginningOf(exact)
  return [
    { lexeme: exact },
    ...others.map((lexeme) => ({ lexeme })),
    ...(beginning === undefined ? [] : [{ lexeme: beginning, ...prefix }]),
  ]
}

interface Term {
  readonly isAbsent: boolean
  readonly phrases: readonly Phrase[]
}

type TermClause = readonly Term[]

function presentIn(clause: TermClause): TermClause {
  return clause.filter(({ isAbsent }) => !isAbsent)
}

/** All clauses, and this one in the title: there alone where that says it all, since each look into the index takes time. */
function formatTitled(clauses: readonly TermClause[], titled: TermClause): string {
  const others = isSaidByTitle(titled) ? clauses.filter((clause) => clause !== titled) : clauses
  return [`(${formatTitle(titled)})`, ...others.map(formatClause)].join(' & ')
}

/** A word of a title is one of the record. Not so what follows one another, nor what is meant as it is written. */
function isSaidByTitle(clause: TermClause): boolean {
  return presentIn(clause).every(({ phrases }) =>
    phrases.every((phrase) => phrase.length === 1 && phrase[0]?.forms.every(({ isExact }) => !isExact)),
  )
}

/** Any of a clause's terms. Where in the title its words stand an index cannot tell. */
function formatTitle(clause: TermClause): string {
  const formatPlace = ({ forms }: Place) =>
    `(${forms.map(({ lexeme, isPrefix }) => formatForm({ lexeme: titleWord(lexeme), ...(isPrefix && prefix) })).join(' | ')})`
  return presentIn(clause)
    .flatMap(({ phrases }) => phrases)
    .map((phrase) => `(${phrase.map(formatPlace).join(' & ')})`)
    .join(' | ')
}

function formatQuery(clauses: readonly TermClause[]): string {
  return clauses.map(formatClause).join(' & ')
}

function formatClause(clause: TermClause): string {
  const formatTerm = ({ isAbsent, phrases }: Term) => `${isAbsent ? '!' : ''}(${phrases.map(formatPhrase).join(' | ')})`
  return `(${clause.map(formatTerm).join(' | ')})`
}

function formatPhrase(phrase: Phrase): string {
  return phrase
    .map(({ distance, forms }, i) => `${i === 0 ? '' : ` <${distance}> `}(${forms.map(formatForm).join(' | ')})`)
    .join('')
}

function formatForm({ lexeme, isPrefix, isExact }: Form): string {
  const flags = `${isPrefix ? '*' : ''}${isExact ? 'AC' : ''}`
  return flags === '' ? quote(lexeme) : `${quote(lexeme)}:${flags}`
}
