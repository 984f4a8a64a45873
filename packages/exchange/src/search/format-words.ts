import { listStems, type Stemmer } from './stem.ts'
import { type Token, tokenise } from './tokenise.ts'

/** A record as search reads it. */
export interface DescribedText {
  /** Of the record; a text without a language of its own is in this one. BCP 47. */
  readonly lang: string
  /** Title by language tag. */
  readonly title: Readonly<Record<string, string>>
  readonly text: readonly { readonly lang?: string | undefined; readonly text: string }[]
}

/**
 * The words of records as tsvectors in text form, in the order of the records. Weights tell what a word is: A as it stands in
 * the title, B its stem there, C as it stands in the text, D its stem there. A stem stands at the position of its word, and
 * only where it is another word. Words of the title stand there once more as `titleWord`: by that an index finds them.
 *
 * Phrases are found within a text, never across two, up to position 16,383; whatever stands behind is found word by word.
 */
export async function formatWords(stemmer: Stemmer, records: readonly DescribedText[]): Promise<string[]> {
  const texts = records.map(textsOf)
  const stems = await listStems(stemmer, texts.flat())
  let next = 0
  return texts.map((parts) => writeWords(parts.map((part) => ({ ...part, stems: stems[next++] as string[] }))))
}

interface Part {
  readonly lang: string | undefined
  readonly tokens: readonly Token[]
  readonly weights: readonly [word: string, stem: string]
}

function textsOf({ lang, title, text }: DescribedText): Part[] {
  return [
    ...Object.entries(title).map(([lang, text]) => ({ lang, tokens: tokenise(text), weights: ['A', 'B'] as const })),
    ...text.map((part) => ({ lang: part.lang ?? lang, tokens: tokenise(part.text), weights: ['C', 'D'] as const })),
  ]
}

function writeWords(parts: readonly (Part & { readonly stems: readonly string[] })[]): string {
  const written = new Map<string, { places: string }>()
  const isBounded = parts.reduce((sum, { tokens }) => sum + tokens.length, 0) < tokensWithoutCare
  let bytes = 0
  const addToTitle = (lexeme: string) => {
    const word = titleWord(lexeme)
    bytes += Buffer.byteLength(word)
    if (!written.has(word)) written.set(word, { places: '' })
  }
  const add = (lexeme: string, at: number, weight: string) => {
    if (weight < 'C') addToTitle(lexeme)
    const before = written.get(lexeme)
    if (before !== undefined && before.places.length > lettersAtMost) return
    if (!isBounded) {
      bytes += bytesOfPlace + (before === undefined ? Buffer.byteLength(lexeme) : 0)
      if (bytes > bytesAtMost) return
    }
    const place = Math.min(at, lastPosition) + weight
    if (before === undefined) written.set(lexeme, { places: place })
    else before.places += `,${place}`
  }
  let begin = 1
  for (const { tokens, stems, weights } of parts) {
    for (let i = 0; i < tokens.length; i++) {
      const { exact, at, joined } = tokens[i] as Token
      const stem = stems[i] as string
      add(exact, begin + at, weights[0])
      if (stem !== '') add(stem, begin + at, weights[1])
      if (joined !== undefined) add(joined, begin + at, weights[1])
    }
    begin += (tokens.at(-1)?.at ?? 0) + 2 // a phrase does not run across two texts
  }
  let words = ''
  for (const [lexeme, { places }] of written) words += places === '' ? `'${lexeme}' ` : `'${lexeme}':${places} `
  return words
}

/** It begins with a sign that no word of a text has in it, and is found by whoever asks for titles alone. */
export function titleWord(lexeme: string): string {
  return `^${lexeme}`
}

/** Tokens hold letters, digits and marks only; quoting says so to PostgreSQL as well. */
export function quote(lexeme: string): string {
  return `'${lexeme}'`
}

/** PostgreSQL keeps positions up to here, 255 of a lexeme, and not quite 1 MiB of it all (its manual, §12.11). */
const lastPosition = 16_383
const lettersAtMost = 255 * 6
const bytesAtMost = 1_000_000
const bytesOfPlace = 4
/** So few cannot come to that size: a lexeme, its stem and its joined form have at most 64 letters of 4 bytes each. */
const tokensWithoutCare = 1_000_000 / (3 * (64 * 4 + bytesOfPlace))
