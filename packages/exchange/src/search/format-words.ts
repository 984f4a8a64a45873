import { listStems, type Stemmer } from './stem.ts'
import { type Token, tokenise } from './tokenise.ts'
import { encodeTsvector, placeOf, placesAtMost, positionOf, type Weight, weight } from './tsvector.ts'

/** A record as search reads it. */
export interface DescribedText {
  /** Of the record; a text without a language of its own is in this one. BCP 47. */
  readonly lang: string
  /** Title by language tag. */
  readonly title: Readonly<Record<string, string>>
  readonly text: readonly { readonly lang?: string | undefined; readonly text: string }[]
  /** What it is filtered by: see `facetLexeme`. */
  readonly facets?: readonly string[]
}

/**
 * The words of records as tsvectors, in the order of the records: see `encodeTsvector`. Weights tell what a word is: A as it
 * stands in the title, B its stem there, C as it stands in the text, D its stem there. A stem stands at the position of its
 * word, and only where it is another word. Words of the title stand there once more as `titleWord`: by that an index finds
 * them.
 *
 * Phrases are found within a text, never across two, up to position 16,383; whatever stands behind is found word by word.
 */
export async function formatWords(stemmer: Stemmer, records: readonly DescribedText[]): Promise<Buffer[]> {
  const texts = records.map(textsOf)
  const stems = await listStems(stemmer, texts.flat())
  let next = 0
  return texts.map((parts, i) => {
    const stemmed = parts.map((part) => ({ ...part, stems: stems[next++] as string[] }))
    return encodeTsvector(listLexemes(stemmed, records[i]?.facets ?? []))
  })
}

interface Part {
  readonly lang: string | undefined
  readonly tokens: readonly Token[]
  readonly weights: readonly [word: Weight, stem: Weight]
}

function textsOf({ lang, title, text }: DescribedText): Part[] {
  return [
    ...Object.entries(title).map(([lang, text]) => ({
      lang,
      tokens: tokenise(text),
      weights: [weight.A, weight.B] as const,
    })),
    ...text.map((part) => ({
      lang: part.lang ?? lang,
      tokens: tokenise(part.text),
      weights: [weight.C, weight.D] as const,
    })),
  ]
}

function listLexemes(
  parts: readonly (Part & { readonly stems: readonly string[] })[],
  facets: readonly string[],
): Map<string, number[]> {
  const found = new Map<string, number[]>()
  const isBounded = parts.reduce((sum, { tokens }) => sum + tokens.length, 0) < tokensWithoutCare
  let bytes = 0
  const hasRoomFor = (more: number) => {
    bytes += more
    return isBounded || bytes <= bytesAtMost
  }
  /** Only beside the word itself: whatever is found in a title is found. */
  const addToTitle = (lexeme: string) => {
    const word = titleWord(lexeme)
    if (!found.has(word) && hasRoomFor(Buffer.byteLength(word))) found.set(word, [])
  }
  const add = (lexeme: string, at: number, as: Weight) => {
    const places = found.get(lexeme)
    if (places === undefined || places.length < placesAtMost) {
      if (!hasRoomFor(bytesOfPlace + (places === undefined && !isBounded ? Buffer.byteLength(lexeme) : 0))) return
      if (places === undefined) found.set(lexeme, [placeOf(at, as)])
      else addPlace(places, placeOf(at, as))
    }
    if (as >= weight.B) addToTitle(lexeme)
  }
  let begin = 1
  for (const { tokens, stems, weights } of parts) {
    const [asWord, asStem] = weights
    for (let i = 0; i < tokens.length; i++) {
      const { exact, at, joined } = tokens[i] as Token
      const stem = stems[i] as string
      add(exact, begin + at, asWord)
      if (stem !== '') add(stem, begin + at, asStem)
      if (joined !== undefined) add(joined, begin + at, asStem)
    }
    begin += (tokens.at(-1)?.at ?? 0) + 2 // a phrase does not run across two texts
  }
  for (const facet of facets) found.set(facet, [])
  return found
}

/** At one place a lexeme stands once. */
function addPlace(places: number[], place: number): void {
  const newest = places.length - 1
  const last = places[newest] as number
  if (positionOf(last) !== positionOf(place)) places.push(place)
  else if (last < place) places[newest] = place
}

/** It begins with a sign that no word of a text has in it, and is found by whoever asks for titles alone. */
export function titleWord(lexeme: string): string {
  return `^${lexeme}`
}

/** Tokens hold letters, digits and marks only; quoting says so to PostgreSQL as well. */
export function quote(lexeme: string): string {
  return `'${lexeme}'`
}

/** PostgreSQL keeps not quite 1 MiB of it all (its manual, §12.11). */
const bytesAtMost = 1_000_000
/** Of the first place of a lexeme, with what aligns it. */
const bytesOfPlace = 5
/** So few cannot come to that size: a lexeme, its stem and its joined form, each once more for a title, have at most 64 letters of 4 bytes each. */
const tokensWithoutCare = 1_000_000 / (6 * (64 * 4 + bytesOfPlace))
