import { createHash } from 'node:crypto'
import { createRandom, pick, pickByWeight, type Random, skewed } from './random.ts'

/** A record of the search bench: what a node would have signed, without the signature. */
export interface CorpusRecord {
  readonly type: 'evaluation' | 'observation'
  readonly lang: string
  readonly iat: number
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * Records with text as natural languages have it: in each of five languages and three scripts words follow one another with
 * the frequencies of Zipf and Mandelbrot, so a few stand everywhere and most are rare. The words are invented; the facets
 * are as many and as uneven as evaluations of real systems have. The same `count` and seed give the same records.
 *
 * @param before So many are older.
 */
export function* synthesiseRecords(count: number, seed = 20_260_101, before = 0): Generator<CorpusRecord> {
  const random = createRandom(seed)
  const languages = vocabularies()
  for (let i = 0; i < count; i++) {
    const vocabulary = pickByWeight(random, languages)
    const write = (words: number) => writeText(random, vocabulary, words)
    const iat = 1_700_000_000 + (before + i) * 300 + Math.floor(random() * 300)
    const make = random() < 0.8 ? evaluationOf : observationOf
    yield { ...make(random, vocabulary.lang, write), lang: vocabulary.lang, iat }
  }
}

type Write = (words: number) => string

interface Vocabulary {
  readonly lang: string
  readonly weight: number
  /** The most frequent first. */
  readonly words: readonly string[]
  readonly between: string
}

/** Words of a language, the most frequent first: what questions are chosen from. */
export function vocabularies(): readonly Vocabulary[] {
  known ??= [
    vocabularyOf('en', 0.5, 30_000, [
      'b c d f g h l m n p r s t v w st tr pl ch',
      'a e i o u ea ou',
      'n r s t l nd st ng',
    ]),
    vocabularyOf('fr', 0.15, 25_000, ['b c d f g j l m n p qu r s t v tr pr', 'a e i o u ai eau é', 'n r s t l nt']),
    vocabularyOf('sw', 0.1, 20_000, ['b d f g h j k l m n p s t w y ch sh mb nd ng', 'a e i o u', '']),
    vocabularyOf('ar', 0.1, 20_000, ['ب ت ث ج ح خ د ر س ش ص ع ف ق ك ل م ن', 'ا و ي', 'ن ر م ل']),
    vocabularyOf('ja', 0.15, 8_000, [ideographs(1_400), 'の に を は が と で る た し な い う', '']),
  ]
  return known
}

/** As many characters as everyday Japanese is written with; the invented words are of these. */
function ideographs(count: number): string {
  return Array.from({ length: count }, (_, i) => String.fromCodePoint(0x4e00 + i * 7)).join(' ')
}

let known: readonly Vocabulary[] | undefined

function vocabularyOf(
  lang: string,
  weight: number,
  size: number,
  [onsets = '', vowels = '', codas = '']: string[],
): Vocabulary {
  const random = createRandom(createHash('sha256').update(lang).digest().readUInt32BE())
  const parts = [onsets, vowels, codas].map((part) => part.split(' '))
  const words = new Set<string>()
  while (words.size < size) {
    // The more frequent a word, the shorter.
    const syllables = 1 + Math.floor(random() * (1 + Math.log10(words.size + 1)))
    words.add(Array.from({ length: syllables }, () => parts.map((part) => pick(random, part)).join('')).join(''))
  }
  return { lang, weight, words: [...words], between: lang === 'ja' ? '' : ' ' }
}

/** Zipf–Mandelbrot: the chance of the word at rank r is proportional to 1 / (r + 2.7). */
function writeText(random: Random, { words, between, lang }: Vocabulary, count: number): string {
  const sentences: string[] = []
  for (let left = count; left > 0; left -= 14) {
    const sentence = Array.from({ length: Math.min(14, left) }, () => {
      const rank = Math.floor(2.7 * ((words.length / 2.7 + 1) ** random() - 1))
      return words[Math.min(rank, words.length - 1)] as string
    })
    sentences.push(sentence.join(between))
  }
  return lang === 'ja' ? `${sentences.join('。')}。` : `${sentences.join('. ')}.`
}

const developers = Array.from({ length: 40 }, (_, i) => `Developer ${i + 1}`)
const benchmarks = Array.from({ length: 120 }, (_, i) => `Benchmark ${i + 1}`)
const risks = Array.from({ length: 24 }, (_, i) => `risk-${i + 1}`)
const tested = ['en', 'fr', 'sw', 'ar', 'ja', 'zh', 'es', 'hi', 'pt', 'ko', 'de', 'yo']
const objectives = ['capability', 'propensity', 'safeguard', 'robustness', 'reliability', 'uplift', 'control']
const phases = ['pre-deployment', 'limited-release', 'post-market', 'retired']

function evaluationOf(random: Random, lang: string, write: Write) {
  const system = skewed(random, 600)
  const benchmark = skewed(random, benchmarks.length)
  const day = '2026-01-01'
  const body = {
    title: { [lang]: write(7) },
    plainSummary: { [lang]: write(60) },
    subject: {
      kind: 'model',
      developer: developers[system % developers.length],
      name: `System ${system}`,
      version: `${1 + (system % 7)}.${system % 10}`,
      weights: 'closed',
      access: 'public-api',
    },
    phase: phases[skewed(random, phases.length)],
    testedFrom: day,
    testedTo: day,
    objective: objectives[benchmark % objectives.length],
    stance: 'realistic-use',
    estimand: 'benchmark',
    protocol: { name: `Protocol ${benchmark % 60}`, version: '1' },
    deviations: [],
    benchmark: { name: benchmarks[benchmark], itemsTotal: 100, visibility: 'public' },
    apparatus: { harness: { name: 'inspect_ai', version: '0.3.128' }, elicitation: { effort: 'none' } },
    sampling: { items: 100, itemsExcluded: [], frame: 'all', epochs: 1, epochReducer: 'mean' },
    grading: { kind: 'exact', judges: [], agreement: [] },
    measures: [measureOf('accuracy', random()), measureOf('refusal rate', random())],
    languages: few(random, tested),
    risk: few(random, risks).map((code) => ({ scheme: 'international-ai-safety-report', schemeVersion: '2026', code })),
    limitations: [write(25), write(20)],
    conduct: { by: 'Synthetic Institute', role: 'institute', developerSawBefore: false },
    synthetic: true,
  }
  return { type: 'evaluation' as const, body }
}

function measureOf(label: string, value: number) {
  const scale = { kind: 'proportion', unit: 'proportion', direction: 'higher-better', min: 0, max: 1 }
  return { metricId: label, label, ...scale, value, seMethod: 'not-available', n: 100, sourceValue: String(value) }
}

function observationOf(random: Random, lang: string, write: Write) {
  const body = {
    seen: { [lang]: write(90) },
    country: pick(random, ['KE', 'FR', 'JP', 'EG', 'SG', 'GB', 'BR']),
    sector: pick(random, ['health', 'education', 'justice', 'finance']),
    howOften: 'weekly',
    wish: { [lang]: write(15) },
    synthetic: true,
  }
  return { type: 'observation' as const, body }
}

/** One of them mostly, up to three. */
function few(random: Random, values: readonly string[]): string[] {
  const count = 1 + Math.floor(random() ** 3 * 3)
  return [...new Set(Array.from({ length: count }, () => values[skewed(random, values.length)] as string))].sort()
}
