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
 * only where it is another word.
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
  const places = new Map<string, string>()
  let bytes = 0
  const add = (lexeme: string, at: number, weight: string) => {
    const before = places.get(lexeme)
    if (before === undefined) bytes += Buffer.byteLength(lexeme) + bytesOfPlace
    else if (before.length > lettersAtMost) return
    else bytes += bytesOfPlace
    const place = `${Math.min(at, lastPosition)}${weight}`
    if (bytes < bytesAtMost) places.set(lexeme, before === undefined ? place : `${before},${place}`)
  }
  let begin = 1
  for (const { tokens, stems, weights } of parts) {
    tokens.forEach((token, i) => {
      add(token.exact, begin + token.at, weights[0])
      if (stems[i]) add(stems[i], begin + token.at, weights[1])
      if (token.joined) add(token.joined, begin + token.at, weights[1])
    })
    begin += (tokens.at(-1)?.at ?? 0) + 2 // a phrase does not run across two texts
  }
  let words = ''
  for (const [lexeme, at] of places) words += `${quote(lexeme)}:${at} `
  return words
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
