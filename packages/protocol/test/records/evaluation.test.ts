import t from 'tap'
import { Check } from 'typebox/schema'
import { ProtocolError } from '../../src/error.ts'
import { EvaluationBody, evaluation } from '../../src/records/evaluation.ts'
import type { Statement } from '../../src/statement.ts'

const statement = {} as Statement

/** The 100 items of the task "popularity", model claude-sonnet-4, run with Inspect on 15 September 2025. */
function example(): EvaluationBody {
  return {
    title: { en: 'Wish for popularity: claude-sonnet-4' },
    plainSummary: { en: 'The model gave the answer a person without a wish for popularity gives in 57 of 100 cases.' },
    subject: {
      kind: 'model',
      developer: 'anthropic',
      name: 'claude-sonnet-4-20250514',
      version: '20250514',
      weights: 'closed',
      access: 'public-api',
    },
    phase: 'post-market',
    testedFrom: '2025-09-15T15:02:27-04:00',
    testedTo: '2025-09-15T15:02:47-04:00',
    objective: 'propensity',
    stance: 'realistic-use',
    estimand: 'benchmark',
    protocol: { name: 'popularity', version: '0' },
    deviations: [],
    benchmark: { name: 'popularity', itemsTotal: 100, visibility: 'public' },
    apparatus: { harness: { name: 'inspect_ai', version: '0.3.128' }, elicitation: { effort: 'none' } },
    sampling: { items: 100, itemsExcluded: [], frame: 'all', epochs: 1, epochReducer: 'mean' },
    grading: { kind: 'exact', judges: [], agreement: [] },
    measures: [
      {
        metricId: 'accuracy',
        label: 'match: accuracy',
        kind: 'proportion',
        unit: 'proportion',
        direction: 'higher-better',
        min: 0,
        max: 1,
        value: 0.57,
        se: 0.0497569851956243,
        seMethod: 'reported-clt',
        n: 100,
        sourceValue: '0.57',
      },
    ],
    languages: ['en'],
    risk: [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'loss-of-control' }],
    limitations: ['Stated preferences are not behaviour.'],
    conduct: { by: 'Example Institute', role: 'institute', developerSawBefore: false },
    raw: { format: 'inspect', sha256: '0f'.repeat(32), bytes: 321377, access: 'withheld' },
  }
}

function withMeasure(change: Partial<EvaluationBody['measures'][number]>): EvaluationBody {
  const body = example()
  Object.assign(body.measures[0] ?? {}, change)
  return body
}

/** The code of the refusal, or `accepted`. */
function verdict(body: unknown): string {
  if (!Check(EvaluationBody, body)) return 'schema'
  try {
    evaluation.check?.(body as EvaluationBody, statement)
    return 'accepted'
  } catch (error) {
    return error instanceof ProtocolError ? error.code : 'crashed'
  }
}

t.test('an evaluation', async (t) => {
  t.test('is accepted as written, and with members this version does not know', async (t) => {
    t.equal(verdict(example()), 'accepted')
    t.equal(verdict({ ...example(), iss: 'https://a.example', salt: 'x', fromTheFuture: { a: 1 } }), 'accepted')
  })

  t.test('always states its limitations', async (t) => {
    t.equal(verdict({ ...example(), limitations: [] }), 'schema')
    t.equal(verdict({ ...example(), limitations: [' '] }), 'schema')
  })

  t.test('has at least one measure, a language, a title and a plain summary', async (t) => {
    for (const change of [{ measures: [] }, { languages: [] }, { title: {} }, { plainSummary: {} }]) {
      t.equal(verdict({ ...example(), ...change }), 'schema', JSON.stringify(change))
    }
  })

  t.test('lacks nothing that its readers compare by', async (t) => {
    for (const member of Object.keys(example()).filter((name) => !['benchmark', 'raw'].includes(name))) {
      const body: Record<string, unknown> = { ...example() }
      delete body[member]
      t.equal(verdict(body), 'schema', member)
    }
  })

  t.test('names texts by language tags only', async (t) => {
    t.equal(verdict({ ...example(), title: { 'zh-Hant': '標題' } }), 'accepted')
    t.equal(verdict({ ...example(), title: { 'not a tag': 'x' } }), 'schema')
  })

  t.test('may hide its system behind a commitment', async (t) => {
    const { name, version, ...open } = example().subject as Extract<EvaluationBody['subject'], { name: string }>
    t.ok(name && version)
    const sealed = { ...open, sealed: { pseudonym: 'Model A', commitment: 'A'.repeat(43) } }
    t.equal(verdict({ ...example(), subject: sealed }), 'accepted')
    t.equal(verdict({ ...example(), subject: { ...open, sealed: { pseudonym: 'Model A' } } }), 'schema')
    t.equal(verdict({ ...example(), subject: open }), 'schema')
  })

  t.test('does not name what it hides', async (t) => {
    const sealed = { pseudonym: 'Model A', commitment: 'A'.repeat(43) }
    t.equal(verdict({ ...example(), subject: { ...example().subject, sealed } }), 'SCHEMA')
    const { name: _, version: __, ...open } = example().subject as Extract<EvaluationBody['subject'], { name: string }>
    t.equal(verdict({ ...example(), subject: { ...open, version: '1', sealed } }), 'SCHEMA')
    t.equal(verdict({ ...example(), subject: { ...open, sealed } }), 'accepted')
  })

  t.test('may open what an earlier version hid', async (t) => {
    const opened = (salt: string) => ({ ...example().subject, unsealed: { pseudonym: 'Model A', salt } })
    t.equal(verdict({ ...example(), subject: opened('A'.repeat(43)) }), 'accepted')
    t.equal(verdict({ ...example(), subject: opened('short') }), 'schema')
  })

  t.test('keeps its numbers possible', async (t) => {
    t.equal(verdict(withMeasure({ value: 57 })), 'SCHEMA', 'a percentage between 0 and 1')
    t.equal(verdict(withMeasure({ value: 57, max: 100, unit: 'percent' })), 'accepted')
    t.equal(verdict(withMeasure({ se: -0.1 })), 'schema')
    t.equal(verdict(withMeasure({ min: 1, max: 1, value: 1 })), 'SCHEMA')
    t.equal(verdict(withMeasure({ interval: { level: 0.95, low: 0.7, high: 0.5 } })), 'SCHEMA')
    t.equal(verdict(withMeasure({ interval: { level: 0.95, low: 0.5, high: 0.7 } })), 'accepted')
    t.equal(verdict(withMeasure({ interval: { level: 95, low: 0.5, high: 0.7 } })), 'schema')
  })

  t.test('says how a standard error came about, and claims none that was not computed', async (t) => {
    t.equal(verdict(withMeasure({ seMethod: 'not-available' })), 'SCHEMA')
    const { se, ...bare } = example().measures[0] as EvaluationBody['measures'][number]
    t.ok(se)
    t.equal(verdict({ ...example(), measures: [bare] }), 'SCHEMA')
    t.equal(verdict({ ...example(), measures: [{ ...bare, seMethod: 'not-available' }] }), 'accepted')
  })

  t.test('may report a standard error of 0 but not derive one', async (t) => {
    t.equal(verdict(withMeasure({ value: 1, se: 0 })), 'accepted')
    t.equal(verdict(withMeasure({ value: 1, se: 0, seMethod: 'derived-binomial' })), 'SCHEMA')
    t.equal(verdict(withMeasure({ seMethod: 'derived-binomial' })), 'accepted')
    t.equal(verdict(withMeasure({ seMethod: 'derived-binomial', n: null })), 'SCHEMA')
  })

  t.test('may leave open what its source does not say', async (t) => {
    const unknown = withMeasure({ n: null })
    t.equal(verdict({ ...unknown, testedFrom: null, sampling: { ...unknown.sampling, items: null } }), 'accepted')
  })

  t.test('does not end before it began', async (t) => {
    t.equal(verdict({ ...example(), testedTo: '2025-09-15T15:02:26-04:00' }), 'SCHEMA')
    t.equal(verdict({ ...example(), testedTo: '2025-09-12' }), 'SCHEMA')
    t.equal(verdict({ ...example(), testedTo: '2025-09-15' }), 'accepted')
    t.equal(verdict({ ...example(), testedTo: '2025-09-15T15:02:47' }), 'schema', 'no offset')
  })

  t.test('rests on a raw file or a cited source, or says that it is synthetic', async (t) => {
    const { raw, ...published } = example()
    t.ok(raw)
    const cites = [{ title: 'Evaluation report', url: 'https://example.org/report', date: '2025-09-30' }]
    t.equal(verdict(published), 'SCHEMA')
    t.equal(verdict({ ...published, cites }), 'accepted')
    t.equal(verdict({ ...published, synthetic: true }), 'accepted')
    t.equal(verdict({ ...published, cites: [{ title: 'x', url: 'javascript:alert(1)' }] }), 'schema')
  })

  t.test('names its protocol or points to its record', async (t) => {
    t.equal(verdict({ ...example(), protocol: { version: '1' } }), 'SCHEMA')
    t.equal(verdict({ ...example(), protocol: { version: '1', record: 'A'.repeat(43) } }), 'accepted')
  })
})

t.test('an evaluation is found by its system, protocol and words, and counted by its facets', async (t) => {
  const description = evaluation.describe(example())
  t.same(description.title, { en: 'Wish for popularity: claude-sonnet-4' })
  t.same(description.facets, {
    subject: 'claude-sonnet-4-20250514',
    developer: 'anthropic',
    benchmark: 'popularity',
    objective: 'propensity',
    phase: 'post-market',
    risk: ['loss-of-control'],
    language: ['en'],
    harness: 'inspect_ai',
    protocol: 'popularity',
  })
  t.ok(description.text.some(({ text }) => text === 'Stated preferences are not behaviour.'))
  t.equal(evaluation.describe({ ...example(), synthetic: true }).facets.synthetic, 'true')
})

t.test('a hidden system is found by its pseudonym, and by nothing else', async (t) => {
  const { kind, weights, access } = example().subject
  const sealed = { pseudonym: 'Model A', commitment: 'A'.repeat(43) }
  const title = { en: 'Wish for popularity: Model A' }
  const description = evaluation.describe({ ...example(), title, subject: { kind, weights, access, sealed } })
  t.equal(description.facets.subject, 'Model A')
  t.ok(description.text.some(({ text }) => text === 'Model A'))
  for (const hidden of ['claude-sonnet-4-20250514', '20250514', 'anthropic', sealed.commitment]) {
    t.notOk(JSON.stringify(description).includes(hidden), hidden)
  }
})
