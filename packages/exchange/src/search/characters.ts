import { readHanVariants } from './han-variants.ts'

/** What a character is to search. */
export const kind = {
  /** Ends a word. */
  separator: 1,
  letter: 2,
  digit: 3,
  /** Belongs to the character before it, and tells words apart: vowel signs, tones. */
  mark: 4,
  /** Han, kana, bopomofo: written without spaces. */
  ideograph: 5,
  /** A syllable of Korean, whose particles are written onto the word. */
  hangul: 6,
  /** Thai, Lao, Khmer, Burmese and their relatives: written without spaces, vowel signs around the consonant. */
  cluster: 7,
  /** As if it were not there: accents that writers leave out, soft hyphens, bidi controls, variation selectors. */
  ignored: 8,
  /** Zero-width non-joiner: between the parts of a Persian word, where others write a space or nothing. */
  joiner: 9,
} as const
export type Kind = (typeof kind)[keyof typeof kind]

/** @returns the kind of the character that begins at `index`; of half a surrogate pair, a separator. */
export function kindAt(text: string, index: number): Kind {
  const unit = text.charCodeAt(index)
  return (kinds[unit] || learn(text, index, unit)) as Kind
}

/** @returns 2 for a character beyond the basic plane, else 1. */
export function widthAt(text: string, index: number): 1 | 2 {
  return isHigh(text.charCodeAt(index)) && (text.codePointAt(index) as number) > 0xffff ? 2 : 1
}

/**
 * What a word is compared as: accents, spelling variants of a letter and digits of every script become one.
 *
 * @param word Without separators, as `prepare` left it.
 */
export function fold(word: string): string {
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i)
    if (forms[unit] !== unit) return foldEach(word)
  }
  return word
}

/** What the folded word begins with if a word begins with this unit; undefined where that hangs on what follows, or was never met. */
export function foldUnit(unit: number): number | undefined {
  return forms[unit] || undefined
}

/** By code unit, learnt as they come. High surrogates stay unknown, and what stands behind them is looked up each time. */
const kinds = new Uint8Array(0x10000)
/** By code unit: what it becomes, where that is one unit and hangs on no neighbour; 0 elsewhere, and until it is known. */
const forms = new Uint16Array(0x10000)

function learn(text: string, index: number, unit: number): Kind {
  if (isHigh(unit)) return kindOf(String.fromCodePoint(text.codePointAt(index) as number))
  const character = String.fromCharCode(unit)
  const found = kindOf(character)
  const form = formOf(character, found)
  kinds[unit] = found
  forms[unit] = form.length === 1 && character !== 'न' ? form.charCodeAt(0) : 0
  return found
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function foldEach(word: string): string {
  let folded = ''
  for (let i = 0; i < word.length; i += widthAt(word, i)) {
    const unit = word.charCodeAt(i)
    const found = kinds[unit] as Kind
    if (forms[unit] !== 0) folded += String.fromCharCode(forms[unit] as number)
    else if (found !== kind.ignored) folded += formOf(word.substr(i, widthAt(word, i)), kindAt(word, i))
  }
  return folded.replace(nasal, 'ं')
}

/** Hindi writes the nasal before a consonant as a letter or as a dot. */
const nasal = /न्(?=[क-ह])/g

function kindOf(character: string): Kind {
  if (character === '\u200C') return kind.joiner
  if (ignored.test(character)) return kind.ignored
  if (ideographs.test(character)) return kind.ideograph
  if (digits.test(character)) return kind.digit
  if (marks.test(character)) return droppedMarks.test(character) ? kind.ignored : kind.mark
  if (!letters.test(character)) return kind.separator
  if (hangul.test(character)) return kind.hangul
  return clusters.test(character) ? kind.cluster : kind.letter
}

/** What shows nothing; and the tatweel, which only stretches a word. */
const ignored = /[\p{DI}\u0640]/u
const ideographs = /[[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}ー]&&[\p{L}\p{Nl}]]/v
const digits = /\p{N}/u
const marks = /\p{M}/u
/** Vowel points and accents; in other scripts a mark is a letter in all but name. The last is the nukta, often left out. */
const droppedMarks = /[\p{sc=Zinh}\p{sc=Zyyy}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\u093C]/u
/** An apostrophe separates however it is typed, and some of the ways to type it are letters. */
const letters = /[\p{L}--[\u02B9-\u02C1\u02EE]]/v
const hangul = /\p{sc=Hangul}/u
const clusters =
  /[\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Lana}\p{sc=Tale}\p{sc=Talu}\p{sc=Tavt}\p{sc=Java}\p{sc=Bali}]/u

function formOf(character: string, found: Kind): string {
  if (found === kind.ignored || found === kind.joiner || found === kind.separator) return ''
  const variant = found === kind.ideograph ? hanVariant(character) : variants.get(character)
  if (variant !== undefined) return variant
  if (decimal.test(character)) return decimalOf(character)
  if (!accented.test(character)) return character
  const [base = character] = character.normalize('NFD')
  return variants.get(base) ?? base
}

/** Read when the first such character comes: a node that holds no Chinese and no Japanese does without. */
function hanVariant(character: string): string | undefined {
  hanVariants ??= readHanVariants()
  return hanVariants.get(character)
}

let hanVariants: ReadonlyMap<string, string> | undefined

const decimal = /\p{Nd}/u
/** Where the letter below the accent is the same letter to whoever leaves the accent out; й and и are not. */
const accented = /[\p{sc=Latn}\p{sc=Grek}\p{sc=Arab}\p{sc=Hebr}\u0929\u0931\u0934]/u

/** The digits of a script are ten code points in a row. */
function decimalOf(digit: string): string {
  const codePoint = digit.codePointAt(0) as number
  let zero = codePoint
  while (decimal.test(String.fromCodePoint(zero - 1))) zero -= 1
  return String((codePoint - zero) % 10)
}

/** One letter in several spellings, where no decomposition says so. */
const variants: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', ł: 'l', þ: 'th', ħ: 'h', ı: 'i', ŧ: 't', ς: 'σ' },
    ...{ ё: 'е', ѐ: 'е', ѝ: 'и' },
    ...{ أ: 'ا', إ: 'ا', آ: 'ا', ٱ: 'ا', ي: 'ی', ى: 'ی', ئ: 'ی', ې: 'ی', ك: 'ک', ؤ: 'و' },
    ...{ ة: 'ه', ہ: 'ه', ۃ: 'ه', ۀ: 'ه', ۂ: 'ه', ە: 'ه' },
    'ँ': 'ं',
  }),
)
