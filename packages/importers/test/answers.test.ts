import { encodeBody } from '@concordance/protocol'
import t, { type Test } from 'tap'
import { ImportError, type ImportResult, parseAnswers, readEveryEvalEver, readInspect } from '../src/index.ts'
import { fullAnswers, inspectLog, measuresOf, record, writeLog } from './logs.ts'

function read(t: Test, answers: unknown, changes: Record<string, unknown> = {}): Promise<ImportResult> {
  return readInspect(writeLog(t, inspectLog(changes)), { answers: parseAnswers(answers) })
}

t.test('a log alone leaves at most twelve questions, each with what it fills and what may be said', async (t) => {
  const { drafts, questions } = await read(t, undefined)
  t.ok(questions.length <= 12)
  t.same(new Set(questions.flatMap(({ missing }) => missing)), new Set(drafts[0]?.missing))
  t.same(questions.find(({ id }) => id === 'time')?.options?.['/phase']?.[0], 'pre-deployment')
})

t.test('nothing that is only suggested is filled in', async (t) => {
  const { drafts, questions } = await read(t, undefined)
  t.equal(questions.find(({ id }) => id === 'subject')?.suggestions?.['/subject/kind'], 'model')
  t.ok(drafts[0]?.missing.includes('/subject/kind'))
})

t.test('answers fill a draft until a valid body can be signed', async (t) => {
  const { drafts, questions, warnings } = await read(t, fullAnswers)
  t.same(questions, [])
  t.same(warnings, [])
  t.same(drafts[0]?.missing, [])
  t.equal(drafts[0]?.origins['/phase'], 'answers#/phase')
  t.match(drafts[0]?.content, {
    phase: 'post-market',
    subject: { name: 'claude-sonnet-4-20250514', weights: 'closed' },
  })
  encodeBody('evaluation', drafts[0]?.content ?? {}, { iss: 'https://a.example', salt: 'A'.repeat(43) })
})

t.test('each answer that is left out stays a question', async (t) => {
  for (const field of Object.keys(fullAnswers).filter((name) => !name.startsWith('tested'))) {
    const { [field]: _, ...others } = fullAnswers
    const { drafts, questions } = await read(t, others)
    t.ok(questions.length > 0, field)
    if (field !== 'protocol') t.ok((drafts[0]?.missing.length ?? 0) > 0, field)
  }
})

t.test('the language of a draft is that of the answers', async (t) => {
  const { drafts } = await read(t, { lang: 'fr' })
  t.equal(drafts[0]?.lang, 'fr')
  t.same(Object.keys(drafts[0]?.content.title ?? {}), ['fr'])
})

t.test('a sealed subject leaves neither name nor developer in the draft', async (t) => {
  const sealed = { pseudonym: 'Model A', commitment: 'A'.repeat(43) }
  const { version, ...subject } = fullAnswers.subject as Record<string, string>
  const { drafts, leaves } = await read(t, { ...fullAnswers, subject: { ...subject, sealed } })
  t.ok(version)
  t.same(drafts[0]?.missing, [])
  t.notMatch(JSON.stringify(drafts[0]?.content), /claude|anthropic/)
  t.notOk(leaves.includes('/0/subject/name'))
})

t.test(
  'answers to no question are refused: measures, the raw file and unknown fields are not for people to fill',
  async (t) => {
    const wrong: unknown[] = [
      { measures: [] },
      { raw: { sha256: 'x' } },
      { unknown: 1 },
      { subject: { colour: 'red' } },
      { apparatus: { harness: { commit: 'x' } } },
      'text',
      [],
      7,
      { lang: 'no language' },
      { drafts: { a: { measures: [] } } },
      { drafts: [] },
      { title: { en: '\ud800' } },
      { cites: [Number.NaN] },
      { limitations: ['x'.repeat(70_000)] },
      JSON.parse('{"__proto__":{"x":1}}'),
    ]
    for (const value of wrong)
      t.throws(() => parseAnswers(value), { code: 'ANSWERS_INVALID' }, JSON.stringify(value).slice(0, 80))
    t.doesNotThrow(() => parseAnswers(fullAnswers))
    t.ok(new ImportError('ANSWERS_INVALID', 'x') instanceof Error)
  },
)

t.test('an answer of the wrong form is refused and named', async (t) => {
  for (const answer of [
    { phase: 'yesterday' },
    { languages: 'en' },
    { languages: ['not a tag'] },
    { sampling: { items: -1 } },
    { subject: { access: 'x' } },
    { title: 'x' },
    { cites: [{}] },
  ]) {
    const result = await read(t, answer)
    if ('cites' in answer) continue
    t.equal(result.code, 'ANSWERS_INVALID', JSON.stringify(answer))
    t.same(result.drafts, [])
  }
})

t.test('an answer may fill what the log leaves open, and not change what it says', async (t) => {
  t.equal((await read(t, { sampling: { items: 41 } })).code, 'ANSWERS_INVALID')
  t.equal((await read(t, { sampling: { items: 40 } })).outcome, 'draft')
  t.equal((await read(t, { testedFrom: '2020-01-01' })).code, 'ANSWERS_INVALID')
  t.equal(
    (await read(t, { testedFrom: '2020-01-01' }, { 'stats.started_at': '', 'eval.created': undefined })).outcome,
    'draft',
  )
  t.equal((await read(t, { apparatus: { harness: { version: '1' } } }, { 'eval.packages': {} })).outcome, 'draft')
  t.equal((await read(t, { apparatus: { harness: { version: '1' } } })).code, 'ANSWERS_INVALID')
})

t.test('people confirm the protocol in their own words', async (t) => {
  const { drafts } = await read(t, { protocol: { name: 'Truthfulness', version: '3.1' } })
  t.same(drafts[0]?.content.protocol, { name: 'Truthfulness', version: '3.1' })
  t.equal(drafts[0]?.origins['/protocol/name'], 'answers#/protocol/name')
})

t.test('what happened to the run stays in front of the limitations people add', async (t) => {
  const { drafts } = await read(t, { limitations: ['Half of the items were reached.'] }, { status: 'cancelled' })
  t.match(drafts[0]?.content.limitations, [/cancelled/, 'Half of the items were reached.'])
  t.notOk(drafts[0]?.missing.includes('/limitations'))
})

t.test('items people know become the n of a measure, from which its standard error is derived', async (t) => {
  const path = writeLog(t, record({ 'evaluation_results.0.score_details.uncertainty': undefined }))
  const open = await readEveryEvalEver(path)
  t.match(measuresOf(open), [{ n: null, seMethod: 'not-available' }])
  const result = await readEveryEvalEver(path, { answers: parseAnswers({ sampling: { items: 200 } }) })
  t.match(measuresOf(result), [{ n: 200, se: Math.sqrt((0.75 * 0.25) / 200), seMethod: 'derived-binomial' }])
  t.equal(result.drafts[0]?.origins['/measures/0/n'], 'answers#/sampling/items')
})

t.test('each draft of a file can have answers of its own, by its benchmark', async (t) => {
  const result = (name: string) => ({
    evaluation_name: name,
    source_data: { dataset_name: name },
    metric_config: { metric_id: 'accuracy', lower_is_better: false, min_score: 0, max_score: 1 },
    score_details: { score: 0.5 },
  })
  const path = writeLog(t, record({ evaluation_results: [result('a'), result('b')] }))
  const answers = parseAnswers({ phase: 'post-market', drafts: { b: { phase: 'retired', sampling: { items: 10 } } } })
  const { drafts } = await readEveryEvalEver(path, { answers })
  t.match(
    drafts.map(({ content }) => [content.phase, content.sampling]),
    [
      ['post-market', { items: null }],
      ['retired', { items: 10 }],
    ],
  )
})
