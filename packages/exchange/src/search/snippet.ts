import type { SearchHit } from '@concordance/protocol'
import { keepsBeginnings } from './languages.ts'
import type { Form, Highlight, Phrase } from './query.ts'
import { listStems, type Stemmer } from './stem.ts'
import { prepare, type Token, tokensOf } from './tokenise.ts'

export type Snippet = NonNullable<SearchHit['snippet']>

/** A text of a record that is open to whoever asked. */
export interface OpenText {
  /** BCP 47. */
  readonly lang?: string | undefined
  readonly text: string
}

/**
 * The place of each record that shows best why it was found, at most 240 UTF-16 units with an ellipsis where it was cut.
 * Line breaks become spaces, and controls of writing direction are left out: cut apart they would turn what stands around.
 *
 * @param records Texts of one record each, the more telling ones first; the first 64 Ki units of a record are read.
 * @returns undefined for a record in whose texts nothing matches.
 */
export async function makeSnippets(
  stemmer: Stemmer,
  highlight: Highlight,
  records: readonly (readonly OpenText[])[],
): Promise<(Snippet | undefined)[]> {
  const wanted = indexPhrases(highlight)
  const beginnings = beginningsOf(highlight)
  const texts = records.map((record) => readTexts(record, beginnings))
  const stems = await listStems(stemmer, texts.flat(), beginnings)
  let next = 0
  return texts.map((parts) => {
    const found = parts.map(({ lang, text, tokens }) => {
      const matches = findMatches(wanted, tokens, stems[next++] as string[])
      return { lang, text, matches }
    })
    return bestOf(found)
  })
}

function beginningsOf(phrases: Highlight): ReadonlySet<number> {
  return new Set(
    phrases.flatMap((phrase) => phrase.flatMap(({ forms }) => forms.map(({ lexeme }) => lexeme.charCodeAt(0)))),
  )
}

const unitsRead = 64 * 1024

interface ReadText {
  readonly lang: string | undefined
  readonly text: string
  readonly tokens: readonly Token[]
}

function readTexts(record: readonly OpenText[], beginnings: ReadonlySet<number>): ReadText[] {
  let left = unitsRead
  return record.flatMap(({ lang, text: whole }) => {
    const text = clean(whole.slice(0, left))
    left -= text.length
    return text === ''
      ? []
      : [{ lang, text, tokens: placeTokens(text, keepsBeginnings(lang) ? beginnings : undefined) }]
  })
}

function clean(text: string): string {
  const wellFormed = text.toWellFormed()
  return isClean.test(wellFormed) ? wellFormed : wellFormed.replaceAll(directions, '').replaceAll(spaces, ' ').trim()
}

/** As most texts are: nothing in it but what is seen, and single spaces between. */
const isClean = /^(?! )(?:[^\s\p{C}]| (?=[^\s\p{C}]))*$/u
const spaces = /[\s\p{Cc}]+/gu
const directions = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/**
 * Tokens with their places in the text itself, not in what folding makes of it.
 *
 * @param beginnings See `tokensOf`.
 */
export function placeTokens(text: string, beginnings?: ReadonlySet<number>): Token[] {
  const prepared = prepare(text)
  if (prepared.length === text.length && text.normalize('NFKC') === text) return tokensOf(prepared, beginnings)
  let pieces = ''
  const origin: number[] = []
  for (const { 0: piece, index } of text.matchAll(character)) {
    const form = prepare(piece)
    for (let i = 0; i < form.length; i++) origin.push(index)
    pieces += form
  }
  origin.push(text.length)
  return tokensOf(pieces, beginnings).map((token) => ({
    ...token,
    from: origin[token.from] as number,
    to: endIn(origin, token.to),
  }))
}

/** What may merge with the character before it: marks, and the vowels and finals of decomposed Korean. */
const character = /[\s\S][\p{M}\u1160-\u11FF\uFF9E-\uFFDC]*/gu

/** Where the character ends that the last unit of a token came from. */
function endIn(origin: readonly number[], to: number): number {
  let end = to
  while (end < origin.length - 1 && origin[end] === origin[to - 1]) end += 1
  return origin[end] as number
}

interface Wanted {
  readonly byLexeme: ReadonlyMap<string, readonly number[]>
  readonly byPrefix: readonly (readonly [prefix: string, phrase: number])[]
  readonly phrases: readonly Phrase[]
}

/** Phrases by what they begin with, so that a long text is gone through once. */
function indexPhrases(phrases: Highlight): Wanted {
  const byLexeme = new Map<string, number[]>()
  const byPrefix: [string, number][] = []
  phrases.forEach((phrase, number) => {
    for (const { lexeme, isPrefix } of phrase[0]?.forms ?? []) {
      if (isPrefix) byPrefix.push([lexeme, number])
      else if (byLexeme.get(lexeme)?.at(-1) !== number) byLexeme.set(lexeme, [...(byLexeme.get(lexeme) ?? []), number])
    }
  })
  return { byLexeme, byPrefix, phrases }
}

interface Match {
  readonly phrase: number
  readonly from: number
  readonly to: number
}

function findMatches(wanted: Wanted, tokens: readonly Token[], stems: readonly string[]): Match[] {
  const matches: Match[] = []
  for (let begin = 0; begin < tokens.length; begin++) {
    for (const number of candidatesAt(wanted, tokens[begin] as Token, stems[begin] as string)) {
      const places = matchPhrase(wanted.phrases[number] as Phrase, tokens, stems, begin)
      for (const { from, to } of places) matches.push({ phrase: number, from, to })
    }
  }
  return matches
}

function candidatesAt({ byLexeme, byPrefix }: Wanted, { exact, joined }: Token, stem: string): readonly number[] {
  if (byPrefix.length === 0 && joined === undefined && !byLexeme.has(stem)) return byLexeme.get(exact) ?? none
  const forms = [exact, stem, joined].filter((form) => form !== undefined && form !== '') as string[]
  const found = forms.flatMap((form) => byLexeme.get(form) ?? [])
  if (byPrefix.length === 0) return found.length > 1 ? [...new Set(found)] : found
  const begun = byPrefix.filter(([prefix]) => forms.some((form) => form.startsWith(prefix)))
  return [...new Set([...found, ...begun.map(([, phrase]) => phrase)])]
}

const none: readonly number[] = []

/** @returns the token of each place, or nothing. */
function matchPhrase(phrase: Phrase, tokens: readonly Token[], stems: readonly string[], begin: number): Token[] {
  const places: Token[] = []
  let i = begin
  for (const { distance, forms } of phrase) {
    const at = places.length === 0 ? (tokens[begin] as Token).at : (places.at(-1) as Token).at + distance
    while (i < tokens.length && (tokens[i] as Token).at < at) i += 1
    const token = tokens[i]
    if (token?.at !== at || !forms.some((form) => isForm(form, token, stems[i] as string))) return []
    places.push(token)
  }
  return places
}

function isForm({ lexeme, isPrefix, isExact }: Form, { exact, joined }: Token, stem: string): boolean {
  if (isExact) return exact === lexeme
  if (isPrefix) return exact.startsWith(lexeme) || stem.startsWith(lexeme) || joined?.startsWith(lexeme) === true
  return exact === lexeme || (stem === lexeme && stem !== '') || joined === lexeme
}

const unitsAtMost = 240
/** Of what stands before the first match. */
const leadUnits = 60

interface FoundText {
  readonly lang: string | undefined
  readonly text: string
  readonly matches: readonly Match[]
}

/** The window with the most different phrases, then with the most matches; the earliest of equals. */
function bestOf(texts: readonly FoundText[]): Snippet | undefined {
  let best: { found: FoundText; first: Match; different: number; count: number } | undefined
  for (const found of texts) {
    for (const window of windowsOf(found.matches)) {
      const isBetter =
        !best || window.different > best.different || (window.different === best.different && window.count > best.count)
      if (isBetter) best = { found, ...window }
    }
  }
  return best && cutSnippet(best.found, best.first)
}

function windowsOf(matches: readonly Match[]): { first: Match; different: number; count: number }[] {
  const inside = new Map<number, number>()
  let next = 0
  return matches.map((first) => {
    while (next < matches.length && (matches[next] as Match).to <= first.from + unitsAtMost - leadUnits) {
      const { phrase } = matches[next++] as Match
      inside.set(phrase, (inside.get(phrase) ?? 0) + 1)
    }
    const window = { first, different: inside.size, count: [...inside.values()].reduce((sum, each) => sum + each, 0) }
    const left = (inside.get(first.phrase) ?? 1) - 1
    if (left > 0) inside.set(first.phrase, left)
    else inside.delete(first.phrase)
    return window
  })
}

function cutSnippet({ lang, text, matches }: FoundText, first: Match): Snippet {
  const from = text.length <= unitsAtMost ? 0 : beginBefore(text, first.from)
  const room = unitsAtMost - (from > 0 ? ellipsis.length : 0)
  const to = text.length - from <= room ? text.length : endBefore(text, from + room - ellipsis.length, first.from)
  const before = from > 0 ? ellipsis : ''
  const marks = mergeMarks(matches, from, to).map((mark) => ({
    from: mark.from - from + before.length,
    to: mark.to - from + before.length,
  }))
  return {
    text: `${before}${text.slice(from, to)}${to < text.length ? ellipsis : ''}`,
    ...(lang !== undefined && { lang }),
    marks,
  }
}

const ellipsis = '…'

/** The begin of a word some way before a match, or of a character where no space is near. */
function beginBefore(text: string, match: number): number {
  const earliest = Math.max(0, match - leadUnits)
  if (earliest === 0) return 0
  const space = text.indexOf(' ', earliest - 1)
  return space >= 0 && space < match ? space + 1 : graphemeAt(text, earliest, match)
}

/** The end of a word before `latest`, or of a character where no space is near. */
function endBefore(text: string, latest: number, match: number): number {
  const space = text.lastIndexOf(' ', latest)
  if (space > Math.max(match, latest - leadUnits)) return space
  return graphemeAt(text, latest, latest)
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
const contextUnits = 64

/** The nearest begin of a character at or before `index`; where that would be far away, at least no half surrogate. */
function graphemeAt(text: string, index: number, _match: number): number {
  const base = Math.max(0, index - contextUnits)
  const context = text.slice(base, index + contextUnits)
  const segment = graphemes.segment(context).containing(index - base)
  const begin = segment === undefined || segment.index === 0 ? index : base + segment.index
  return isLowSurrogate(text.charCodeAt(begin)) ? begin - 1 : begin
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function mergeMarks(matches: readonly Match[], begin: number, end: number): { from: number; to: number }[] {
  const inside = matches
    .map(({ from, to }) => ({ from: Math.max(from, begin), to: Math.min(to, end) }))
    .filter(({ from, to }) => from < to)
    .sort((x, y) => x.from - y.from || x.to - y.to)
  const merged: { from: number; to: number }[] = []
  for (const mark of inside) {
    const last = merged.at(-1)
    if (last && mark.from <= last.to) last.to = Math.max(last.to, mark.to)
    else merged.push({ ...mark })
  }
  return merged
}
