import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { encodeBody, type JsonObject, type Measure } from '@concordance/protocol'
import t, { type Test } from 'tap'
import { type ImportResult, importFile, parseAnswers, readEveryEvalEver, readInspect } from '../src/index.ts'
import { type Expected, type ExpectedMeasure, expected } from './data/expected.ts'

const folder = new URL('./data/', import.meta.url)

t.test('every genuine file is taken over exactly, or refused with its code', async (t) => {
  const files = ['inspect', 'every-eval-ever'].flatMap((name) =>
    readdirSync(new URL(name, folder)).map((file) => `${name}/${file}`),
  )
  t.same(files.sort(), Object.keys(expected).sort(), 'the table lists every file')

  for (const [file, wanted] of Object.entries(expected)) {
    await t.test(file, async (t) => {
      const path = new URL(file, folder).pathname
      const result = await (file.startsWith('inspect/') ? readInspect(path) : readEveryEvalEver(path))
      t.same(shown(result), wanted)
      if (result.outcome === 'refused') return t.same([result.drafts, result.leaves, result.questions], [[], [], []])
      requireOrigins(t, result)
      t.ok(result.questions.length <= 12, 'at most twelve questions')
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
      for (const { content } of result.drafts) {
        t.match(content.raw, { sha256: digest, bytes: readFileSync(path).length, access: 'withheld' })
      }
    })
  }
})

/** A result in the words of the table. */
function shown(result: ImportResult): Expected {
  if (result.outcome === 'refused') return { outcome: 'refused', code: result.code ?? 'IMPORT_FAILED' }
  const warnings = [...new Set(result.warnings.map(({ code }) => code))].sort()
  return {
    outcome: 'draft',
    warnings,
    drafts: result.drafts.map(({ content }) => measuresOf(content).map(shownMeasure)),
  }
}

function measuresOf(content: JsonObject): Measure[] {
  return content.measures as unknown as Measure[]
}

function shownMeasure({ value, sourceValue, se, seMethod, sd, n, interval }: Measure): ExpectedMeasure {
  if (value !== Number(sourceValue)) return { token: `${value} is not ${sourceValue}`, n }
  return {
    token: sourceValue ?? '',
    ...(se === undefined ? {} : { se, seMethod: seMethod as 'reported-clt' }),
    ...(sd === undefined ? {} : { sd }),
    n,
    ...(interval === undefined ? {} : { interval: [interval.low, interval.high] as const }),
  }
}

/** Every leaf of a draft says where it comes from, and is listed among what would leave. */
function requireOrigins(t: Test, result: ImportResult): void {
  const leaves = result.drafts.flatMap(({ content }, index) => listLeaves(content, `/${index}`))
  t.same([...result.leaves].sort(), leaves.sort())
  for (const { content, origins } of result.drafts) {
    for (const leaf of listLeaves(content, '')) {
      t.ok(origins[leaf], `${leaf} has an origin`)
    }
  }
}

function listLeaves(value: unknown, pointer: string): string[] {
  const parts = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return parts.length === 0 ? [pointer] : parts.flatMap(([name, part]) => listLeaves(part, `${pointer}/${name}`))
}

t.test('one run logged in both formats gives one result', async (t) => {
  const [json, archive] = await Promise.all(
    ['log_formats.json', 'log_formats.eval'].map((file) => readInspect(new URL(`inspect/${file}`, folder).pathname)),
  )
  const without = (result: ImportResult | undefined) =>
    result?.drafts.map(({ content: { raw, ...content } }) => raw && content)
  t.same(without(archive), without(json))
})

t.test('what is known of a system, its test and its conditions is taken from the log', async (t) => {
  const read = async (file: string) => (await importFile(new URL(file, folder).pathname)).drafts[0]?.content
  t.match(await read('inspect/2025-09-15_popularity_gpt-5_5-epochs.eval'), {
    subject: { developer: 'openai', name: 'gpt-5' },
    testedFrom: '2025-09-15T15:04:34-04:00',
    testedTo: '2025-09-15T15:05:01-04:00',
    protocol: { name: 'popularity', version: '0' },
    benchmark: { name: 'popularity', itemsTotal: 100 },
    apparatus: {
      harness: { name: 'inspect_ai', version: '0.3.128.dev4+g614f5bb29.d20250902', commit: '02fdf720f' },
      scaffold: { name: 'system_message > generate' },
    },
    sampling: { items: 10, epochs: 5, epochReducer: 'mean', frame: 'first-n', itemsExcluded: [] },
    grading: { kind: 'exact' },
  })
  t.match(await read('inspect/2025-03-21_cyse2-vuln-exploit_mistral-large.json'), {
    subject: { developer: 'mistral', name: 'mistral-large-latest' },
    apparatus: { generation: { temperature: 0.75, maxTokens: 2048 } },
    sampling: { items: 585, epochs: 4 },
  })
  t.match(await read('every-eval-ever/pubmed_qa__openai_gpt-4o-mini-2024-07-18__0.2.0__51fb8af5.json'), {
    subject: { developer: 'openai', platform: 'azure', name: 'gpt-4o-mini-2024-07-18', version: '2024-07-18' },
    testedFrom: '2025-07-03T14:44:30Z',
    benchmark: { name: 'pubmed_qa', itemsTotal: 500 },
    sampling: { items: 2 },
    conduct: { role: 'third-party' },
    apparatus: { harness: { name: 'inspect_ai' } },
  })
})

t.test('a benchmark reported by language is one draft with a measure for each, in its languages', async (t) => {
  const file = 'every-eval-ever/global-mmlu-lite__openai_gpt-4.1-2025-04-14__0.2.0__1b0ed18d.json'
  const [draft] = (await readEveryEvalEver(new URL(file, folder).pathname)).drafts
  const measures = measuresOf(draft?.content ?? {})
  t.equal(measures.find(({ label }) => label === 'Swahili')?.subgroup?.value, 'sw')
  t.same(measures[0]?.subgroup, undefined, 'the total is of the whole')
  const languages = (draft?.content.languages ?? []) as string[]
  t.same([...languages].sort(), 'ar bn de en es fr hi id it ja ko my pt sw yo zh'.split(' '))
})

t.test('a draft with every question answered is a valid body', async (t) => {
  const answers = parseAnswers({
    subject: { kind: 'model', version: 'unknown', weights: 'closed', access: 'public-api' },
    phase: 'post-market',
    objective: 'propensity',
    stance: 'realistic-use',
    estimand: 'benchmark',
    protocol: { version: '0' },
    deviations: [],
    apparatus: { elicitation: { effort: 'none' } },
    languages: ['en'],
    risk: [],
    limitations: ['Ten items only.'],
    conduct: { by: 'Example Institute', role: 'institute', developerSawBefore: false },
    plainSummary: { en: 'Six of ten.' },
  })
  const result = await importFile(new URL('inspect/2025-09-15_popularity_gpt-5_5-epochs.eval', folder).pathname, {
    answers,
  })
  const [draft] = result.drafts
  t.same(draft?.missing, [])
  t.same(result.questions, [])
  const body = encodeBody('evaluation', draft?.content ?? {}, { iss: 'https://a.example', salt: 'A'.repeat(43) })
  t.ok(body.size > 1000)
})
