/**
 * Which stemmer reads a word. Most are dictionaries of PostgreSQL (Snowball), by their name there; `persian` and `hebrew`
 * are our own and take off the few endings and beginnings that are written onto nearly every noun.
 */
export type Stemming = `${string}_stem` | 'persian' | 'hebrew'

type Script = 'Latn' | 'Cyrl' | 'Grek' | 'Armn' | 'Hebr' | 'Arab' | 'Deva' | 'suffixing' | 'other'

/**
 * The stemmer for words of a text: that of its language where the word is in its script. Names and terms in Latin letters
 * inside a text of another script are mostly English.
 *
 * @param lang BCP 47; where absent, the commonest language of the word's script is taken.
 */
export function stemmingFor(lang: string | undefined): (word: string) => Stemming | undefined {
  const language = languageOf(lang)
  const isLatin = language !== undefined && writesLatin(language)
  const stemmingIn = (script: Script) => {
    const own = language === undefined ? undefined : stemmingOf.get(`${language} ${script}`)
    if (own !== undefined) return own
    return language === undefined || (script === 'Latn' && !isLatin) ? commonest.get(script) : undefined
  }
  const known = new Map<Script, Stemming | undefined>()
  return (word) => {
    const script = scriptOf(word)
    if (!known.has(script)) known.set(script, stemmingIn(script))
    return known.get(script)
  }
}

/** Every stemmer that a typed word may have to be read with: those of its script, or of the given languages among them. */
export function plausibleStemmings(word: string, languages?: readonly string[]): Stemming[] {
  const script = scriptOf(word)
  const asked = languages?.map(languageOf)
  const plausible = stemmings.filter((each) => each.script === script && (!asked || asked.includes(each.language)))
  return [...new Set(plausible.map(({ stemming }) => stemming))]
}

/**
 * What the forms of a word have in common where a script is that of languages which change words at their end, and no
 * stemmer reads them well: the scripts of India apart from Devanagari, and Georgian.
 */
export function beginningOf(word: string): string | undefined {
  return scriptOf(word) === 'suffixing' ? word.replace(endings, '') : undefined
}

/** Vowel signs change first, and Telugu ends nouns in `ము`; three characters remain. */
const endings = /(?<=...)(?:ము|\p{M}+)$/u

/**
 * Whether a stem is likely to be one: in Latin letters more than twenty stemmers read a typed word, and to most of them it
 * is a foreign word, of which some leave next to nothing.
 */
export function isPlausibleStem(stem: string, word: string): boolean {
  if (scriptOf(word) !== 'Latn') return true
  return stem.length * 5 >= word.length * 2 && stem.length > (word.length < 6 ? 2 : 3)
}

/** A word as its stemmer should be given it: without what it does not know to be written onto words. */
export function beforeStemming(stemming: Stemming, word: string): string {
  if (stemming === 'arabic_stem') return word.replace(arabicAnd, '')
  if (stemming === 'portuguese_stem') return word.replace(portuguesePlural, 'ão')
  if (stemming === 'russian_stem') return word.replaceAll(ukrainian, (letter) => russian[letter] as string)
  return word
}

/** Three letters remain. */
const arabicAnd = /^و(?=...)/u
const portuguesePlural = /[ãõ]es$/u
/** As endings are spelt in Russian. */
const russian: Readonly<Record<string, string>> = { і: 'и', ї: 'и', є: 'е', ґ: 'г' }
const ukrainian = /[іїєґ]/g

/** Whether a word and its stem begin with the same letter: most stemmers only take off endings. */
export function keepsBeginning(stemming: Stemming): boolean {
  return !beginOtherwise.has(stemming)
}

/** Whether every stemmer that words of such a text may be read with keeps their beginning. */
export function keepsBeginnings(lang: string | undefined): boolean {
  const language = languageOf(lang)
  return (
    language !== undefined && stemmings.every((each) => each.language !== language || keepsBeginning(each.stemming))
  )
}

/** Those that take something off the beginning too, that write a letter otherwise, or are given it otherwise. */
const beginOtherwise: ReadonlySet<Stemming> = new Set([
  'arabic_stem',
  'dutch_stem',
  'hebrew',
  'indonesian_stem',
  'irish_stem',
  'russian_stem',
  'serbian_stem',
  'turkish_stem',
  'yiddish_stem',
])

/** Stems that a stemmer leaves apart although they are of one word. */
export function afterStemming(stemming: Stemming, stem: string): string {
  if (stemming === 'finnish_stem') return stem.replace(finnishGrades, 't')
  if (stemming === 'arabic_stem') return stem.replace(arabicArticle, '').replace(arabicRemains, '')
  return stem
}

/** The grades of t: `kansalaisuus, kansalaisuuden, kansalaisuutta`; `mielipide, mielipiteen`. */
const finnishGrades = /(?<=uu|yy)s$|d$/u
/** Two letters remain; the stemmer leaves it on short words. */
const arabicArticle = /^ال(?=..)/u
/** Of plurals and relations, where a pronoun follows or the article is missing; two letters remain. */
const arabicRemains = /(?<=..)[اية]{1,2}$/u

/** @returns the stem, or the word itself; `undefined` where PostgreSQL has to be asked. */
export function ownStem(stemming: Stemming, word: string): string | undefined {
  if (stemming === 'persian') return word.replace(persianEndings, '')
  if (stemming === 'hebrew') return word.replace(hebrewBeginnings, '')
  return undefined
}

/** Plural and comparative, with what may follow; two letters remain. */
const persianEndings = /(?<=..)(?:ها(?:ی|یی|ي|يي)?|تر(?:ین|ين)?)$/u
/** And, that, the, in, to, from, as; three letters remain. */
const hebrewBeginnings = /^[והבכלמש]{1,2}(?=...)/u

function languageOf(lang: string | undefined): string | undefined {
  return lang === undefined ? undefined : (lang.split('-', 1)[0] as string).toLowerCase()
}

const latinByLanguage = new Map<string, boolean>()

/** By what CLDR takes for likely; bounded, since a language subtag has at most eight letters and few are asked for. */
function writesLatin(language: string): boolean {
  const known = latinByLanguage.get(language)
  if (known !== undefined) return known
  const found = likelyScript(language) === 'Latn'
  if (latinByLanguage.size < languagesAtMost) latinByLanguage.set(language, found)
  return found
}

const languagesAtMost = 1_000

function likelyScript(language: string): string | undefined {
  try {
    return new Intl.Locale(language).maximize().script
  } catch {
    return undefined // a tag that only looks like one: no guess about its script
  }
}

/** What a stemmer reads; in the last line the languages that it is lent to as a near relative. */
const latin = {
  ...{ ca: 'catalan', da: 'danish', de: 'german', en: 'english', es: 'spanish', et: 'estonian', eu: 'basque' },
  ...{ fi: 'finnish', fr: 'french', ga: 'irish', hu: 'hungarian', id: 'indonesian', it: 'italian', lt: 'lithuanian' },
  ...{ nb: 'norwegian', nl: 'dutch', nn: 'norwegian', no: 'norwegian', pt: 'portuguese', ro: 'romanian' },
  ...{ sr: 'serbian', sv: 'swedish', tr: 'turkish' },
  ...{ af: 'dutch', bs: 'serbian', gl: 'portuguese', hr: 'serbian', ms: 'indonesian' },
}
const cyrillic = { ru: 'russian', sr: 'serbian', be: 'russian', bg: 'russian', mk: 'russian', uk: 'russian' }

const stemmings: readonly { readonly script: Script; readonly language: string; readonly stemming: Stemming }[] = [
  ...inScript('Latn', latin),
  ...inScript('Cyrl', cyrillic),
  ...inScript('Grek', { el: 'greek' }),
  ...inScript('Armn', { hy: 'armenian' }),
  ...inScript('Arab', { ar: 'arabic' }),
  ...inScript('Deva', { hi: 'hindi', ne: 'nepali' }),
  ...inScript('Hebr', { yi: 'yiddish' }),
  { script: 'Arab', language: 'fa', stemming: 'persian' },
  { script: 'Hebr', language: 'he', stemming: 'hebrew' },
]

function inScript(script: Script, names: Readonly<Record<string, string>>) {
  return Object.entries(names).map(([language, name]) => ({ script, language, stemming: `${name}_stem` as Stemming }))
}

const stemmingOf: ReadonlyMap<string, Stemming> = new Map(
  stemmings.map(({ script, language, stemming }) => [`${language} ${script}`, stemming]),
)

const commonest: ReadonlyMap<Script, Stemming> = new Map([
  ['Latn', 'english_stem'],
  ['Cyrl', 'russian_stem'],
  ['Grek', 'greek_stem'],
  ['Armn', 'armenian_stem'],
  ['Hebr', 'hebrew'],
  ['Arab', 'arabic_stem'],
  ['Deva', 'hindi_stem'],
])

/** By the first letter: words are runs of letters, hardly ever of two scripts. */
function scriptOf(word: string): Script {
  const unit = word.charCodeAt(0)
  for (const [end, script] of blocks) if (unit < end) return script
  return 'other'
}

/** Each up to the given code unit, from where the one before ended (Unicode, Blocks.txt). */
const blocks: readonly (readonly [end: number, script: Script])[] = [
  [0x0250, 'Latn'],
  [0x0370, 'other'],
  [0x0400, 'Grek'],
  [0x0530, 'Cyrl'],
  [0x0590, 'Armn'],
  [0x0600, 'Hebr'],
  [0x0700, 'Arab'],
  [0x0750, 'other'],
  [0x0780, 'Arab'],
  [0x0900, 'other'],
  [0x0980, 'Deva'],
  [0x0e00, 'suffixing'],
  [0x10a0, 'other'],
  [0x1100, 'suffixing'],
  [0x1e00, 'other'],
  [0x1f00, 'Latn'],
  [0x2000, 'Grek'],
]
