import { fold, foldUnit, type Kind, kind, kindAt, widthAt } from './characters.ts'

/** A word, or a pair of characters where words are not told apart by spaces. */
export interface Token {
  /** Lower case and folded: what is compared. */
  readonly exact: string
  /** The word in its own spelling, for a stemmer to read. Absent where there is nothing to stem. */
  readonly word: string | undefined
  /** Counted from 0 in its text; words that follow one another differ by 1. */
  readonly at: number
  /** Where it stands in the text as `prepare` left it, in UTF-16 units. */
  readonly from: number
  readonly to: number
  /** The whole word, folded, at the first part of one that zero-width non-joiners (or Persian grammar) hold together. */
  readonly joined: string | undefined
  /** Of a script in pairs: two characters, the last of a run once more, or one that stands by itself. */
  readonly part: 'pair' | 'last' | 'single' | undefined
}

/**
 * Cuts text into the tokens that search compares, the same way for records and for queries.
 *
 * Words are runs of letters and runs of digits, folded: compatibility forms, case, accents, the letter variants of Arabic
 * and Persian, digits of any script. Scripts without spaces, and Korean, become overlapping pairs of characters, the last
 * character of a run also alone, so that what is found does not hang on where somebody sees a word end.
 */
export function tokenise(text: string): Token[] {
  return tokensOf(prepare(text))
}

/** NFKC and lower case. Marks without end are cut before: sorting them takes the square of their number. */
export function prepare(text: string): string {
  return boundMarks(text).normalize('NFKC').toLowerCase()
}

/** As the stream-safe text format does (UAX #15 §13): more than 30 marks on one letter are nobody's spelling. */
export function boundMarks(text: string): string {
  return tooManyMarks.test(text) ? text.replaceAll(tooManyMarksEach, '$1') : text
}

const tooManyMarks = /\p{M}{31}/u
const tooManyMarksEach = /(\p{M}{30})\p{M}+/gu

/**
 * @param text As `prepare` left it.
 * @param beginnings First code units, folded, of the tokens that matter. Others are counted, and mostly left out.
 */
export function tokensOf(text: string, beginnings?: ReadonlySet<number>): Token[] {
  // Where words are joined, each is a part of another one.
  const cut: Cut = { text, tokens: [], next: 0, beginnings: text.includes(joiner) ? undefined : beginnings }
  for (let i = 0; i < text.length; ) {
    const found = kindAt(text, i)
    const end = i + widthAt(text, i)
    if (!beginsRun(found)) i = end
    else if (isPaired(found)) i = addPairs(cut, i, endOfRun(text, end, found))
    else i = addWord(cut, i, endOfRun(text, end, found), found)
  }
  return cut.tokens
}

interface Cut {
  readonly text: string
  readonly tokens: Token[]
  /** Position of the next token. */
  next: number
  readonly beginnings: ReadonlySet<number> | undefined
}

function beginsRun(found: Kind): boolean {
  return found === kind.letter || found === kind.digit || isPaired(found)
}

function isPaired(found: Kind): boolean {
  return found === kind.ideograph || found === kind.hangul || found === kind.cluster
}

/** @param found Kind of the run; a mark and what is ignored belong to any. */
function endOfRun(text: string, begin: number, found: Kind): number {
  let end = begin
  while (end < text.length) {
    const next = kindAt(text, end)
    if (next !== found && next !== kind.mark && next !== kind.ignored) break
    end += widthAt(text, end)
  }
  return end
}

/** In UTF-16 units; longer words are compared by their beginning. */
const longestWord = 64

function addWord(cut: Cut, from: number, end: number, found: Kind): number {
  const { text, tokens } = cut
  const at = cut.next++
  if (isLeftOut(cut, text.charCodeAt(from))) return end
  const to = cutAt(text, end, from + longestWord)
  const spelt = text.slice(from, to)
  const exact = fold(spelt)
  const word = found !== kind.letter ? undefined : exact === spelt ? exact : withoutIgnored(spelt)
  tokens.push({ exact, word, at, from, to, joined: undefined, part: undefined })
  if (text[from - 1] === joiner || isArabic(exact.charCodeAt(0))) join(tokens, text)
  return end
}

/** Never a word in Arabic letters, which may be a part of another one. */
function isLeftOut({ beginnings }: Cut, unit: number): boolean {
  if (beginnings === undefined || isArabic(unit)) return false
  const folded = foldUnit(unit)
  return folded !== undefined && !beginnings.has(folded)
}

/** Never between the halves of a surrogate pair. */
function cutAt(text: string, end: number, most: number): number {
  if (end <= most) return end
  return widthAt(text, most - 1) === 2 ? most - 1 : most
}

function withoutIgnored(word: string): string {
  let kept = ''
  for (const character of word) if (kindAt(character, 0) !== kind.ignored) kept += character
  return kept
}

/** Adds the newest token to the word that its predecessors began, if it is a part of it. */
function join(tokens: Token[], text: string): void {
  const newest = tokens.length - 1
  let first = newest
  while (first > newest - partsAtMost && first > 0 && isHeld(tokens, first, text)) first -= 1
  const head = tokens[first] as Token
  const joined = (head.joined ?? head.exact) + (tokens[newest] as Token).exact
  if (first < newest && joined.length <= longestWord) tokens[first] = { ...head, joined }
}

const partsAtMost = 8

/** Whether a token and the one before it are one word: by a joiner between them, or a space that some Persian writers leave. */
function isHeld(tokens: readonly Token[], i: number, text: string): boolean {
  const { exact, from } = tokens[i] as Token
  if (text[from - 1] === joiner) return true
  const { exact: before, to } = tokens[i - 1] as Token
  return text[from - 1] === ' ' && to === from - 1 && (persianBeginnings.has(before) || persianEndings.has(exact))
}

const joiner = '\u200C'
/** Of verbs and of plurals, folded. */
const persianBeginnings: ReadonlySet<string> = new Set(['می', 'نمی'])
const persianEndings: ReadonlySet<string> = new Set(['ها', 'های', 'هایی'])

function isArabic(unit: number): boolean {
  return unit >> 8 === 0x06
}

function addPairs(cut: Cut, from: number, end: number): number {
  const { text, tokens, beginnings } = cut
  const isWanted = (character: string) => beginnings?.has(character.charCodeAt(0)) !== false
  let at = cut.next
  let second = endOfCharacter(text, from, end)
  let first = fold(text.slice(from, second))
  let begin = from
  if (second === end && isWanted(first)) tokens.push(pairOf(first, at, from, end, 'single'))
  while (second < end) {
    const third = endOfCharacter(text, second, end)
    const next = fold(text.slice(second, third))
    if (isWanted(first)) tokens.push(pairOf(first + next, at, begin, third, 'pair'))
    at += 1
    if (third === end && isWanted(next)) tokens.push(pairOf(next, at, second, end, 'last'))
    begin = second
    first = next
    second = third
  }
  cut.next = at + 1
  return end
}

/** All tokens have the members of `Token` in one order: engines read objects of one shape fastest. */
function pairOf(exact: string, at: number, from: number, to: number, part: Token['part']): Token {
  return { exact, word: undefined, at, from, to, joined: undefined, part }
}

/** A character with what belongs to it. */
function endOfCharacter(text: string, begin: number, end: number): number {
  let next = begin + widthAt(text, begin)
  while (next < end) {
    const found = kindAt(text, next)
    if (found !== kind.mark && found !== kind.ignored) break
    next += widthAt(text, next)
  }
  return next
}
