import type { Measure } from '@concordance/protocol'
import t, { type Test } from 'tap'
import type { ImportResult } from '../src/index.ts'
import { readInspect } from '../src/index.ts'
import { inspectLog, measuresOf, writeLog } from './logs.ts'

function read(t: Test, content: string | object): Promise<ImportResult> {
  return readInspect(writeLog(t, content))
}

/** The code of the refusal, or `draft`. */
async function verdict(t: Test, changes: Record<string, unknown>): Promise<string> {
  const { code, outcome } = await read(t, inspectLog(changes))
  return code ?? outcome
}

const score = 'results.scores.0'
const accuracy = `${score}.metrics.accuracy`

async function codes(t: Test, changes: Record<string, unknown>): Promise<string[]> {
  return (await read(t, inspectLog(changes))).warnings.map(({ code }) => code)
}

/** The first measure of a log with these changes. */
async function measure(t: Test, changes: Record<string, unknown>): Promise<Partial<Measure>> {
  return measuresOf(await read(t, inspectLog(changes)))[0] ?? {}
}

t.test('a run that ended well is a draft without warnings', async (t) => {
  const result = await read(t, inspectLog())
  t.equal(result.outcome, 'draft')
  t.same(result.warnings, [])
  t.match(result.drafts[0]?.content, {
    subject: { developer: 'anthropic', name: 'claude-sonnet-4-20250514', version: '20250514' },
    protocol: { name: 'truthfulness', version: '3' },
    benchmark: { name: 'truth-set', itemsTotal: 40 },
    sampling: { items: 40, frame: 'all', epochs: 1, itemsExcluded: [] },
    measures: [{ value: 0.6, se: 0.0784464540552736, seMethod: 'reported-clt', n: 40 }],
  })
})

t.test('how a run ended decides what becomes of it', async (t) => {
  t.equal(await verdict(t, { status: 'started' }), 'RUN_NOT_FINISHED')
  t.equal(await verdict(t, { status: 'error', 'results.scores': [] }), 'RUN_NOT_FINISHED')
  t.equal(await verdict(t, { status: 'cancelled', results: null }), 'RUN_NOT_FINISHED')
  t.equal(await verdict(t, { status: 'success', 'results.scores': [] }), 'RUN_UNSCORED')
  t.equal(await verdict(t, { status: 'success', results: undefined }), 'RUN_UNSCORED')
  t.equal(await verdict(t, { status: 'fine' }), 'FIELD_MALFORMED')
  t.equal(await verdict(t, { status: undefined }), 'FIELD_MISSING')
  t.same(await codes(t, { status: 'error' }), ['run-error'])
  t.same(await codes(t, { status: 'cancelled' }), ['run-cancelled'])
  t.same(await codes(t, { invalidated: true }), ['run-invalidated'])
})

t.test('what happened to a run stays in its limitations, and people must add what it means', async (t) => {
  const [draft] = (await read(t, inspectLog({ status: 'cancelled', invalidated: true }))).drafts
  t.match(draft?.content.limitations, [/cancelled/, /invalid/])
  t.ok(draft?.missing.includes('/limitations'))
  t.equal(draft?.origins['/limitations/0'], '#/status')
})

t.test('log versions up to 3 are known', async (t) => {
  for (const version of [1, 2, 3]) t.equal(await verdict(t, { version }), 'draft')
  t.equal(await verdict(t, { version: 4 }), 'FORMAT_VERSION')
  t.equal(await verdict(t, { version: undefined }), 'FIELD_MISSING')
})

t.test('the shape of 2024, one scorer in results itself, is read', async (t) => {
  const results = {
    total_samples: 40,
    completed_samples: 40,
    scorer: { name: 'match', params: {} },
    metrics: {
      accuracy: { name: 'accuracy', value: 0.6, options: {} },
      stderr: { name: 'stderr', value: 0.07, options: {} },
    },
    sample_reductions: [
      { scorer: 'match', samples: Array.from({ length: 40 }, (_, i) => ({ value: i < 24 ? 'C' : 'I' })) },
    ],
  }
  t.match(await measure(t, { results }), { label: 'match: accuracy', value: 0.6, se: 0.07, n: 40, check: 'matches' })
})

t.test('members may come in any order, samples first', async (t) => {
  const log = inspectLog({ samples: [{ id: 1, input: 'x', results: { total_samples: 7 } }] })
  const turned = Object.fromEntries(Object.entries(log).reverse())
  const [one, other] = [await read(t, log), await read(t, turned)]
  const without = (result: ImportResult) => result.drafts.map(({ content: { raw, ...rest } }) => raw && rest)
  t.same(without(other), without(one))
})

t.test('a number that is not finite is left out with its measure, never made null', async (t) => {
  const text = (value: string, at: string) => JSON.stringify(inspectLog({ [at]: 777 })).replace('777', value)
  for (const token of ['NaN', 'Infinity', '-Infinity', '1e999']) {
    const alone = await read(t, text(token, `${accuracy}.value`))
    t.equal(alone.code, 'NO_MEASURES', token)
    t.match(alone.warnings, [{ code: 'value-not-finite' }])
    const se = await read(t, text(token, `${score}.metrics.stderr.value`))
    t.match(se.drafts[0]?.content.measures, [{ value: 0.6, seMethod: 'derived-binomial' }])
    t.same(
      se.warnings.map(({ code }) => code),
      ['se-not-finite', 'se-derived'],
    )
    t.notMatch(JSON.stringify(se.drafts), /null/)
  }
  const beside = await read(t, text('NaN', `${score}.metrics.other`).replace('NaN', '{"name":"other","value":NaN}'))
  t.equal(measuresOf(beside).length, 1)
})

t.test('a number that would be rounded is left out', async (t) => {
  const text = JSON.stringify(inspectLog({ [accuracy]: { name: 'tokens', value: 777 } })).replace(
    '777',
    '9007199254740993',
  )
  const result = await read(t, text)
  t.equal(result.code, 'NO_MEASURES')
  t.match(result.warnings, [{ code: 'value-inexact' }])
})

t.test('a standard error of 0 is kept as stated and pointed out', async (t) => {
  t.match(await measure(t, { [`${score}.metrics.stderr.value`]: 0 }), { se: 0, seMethod: 'reported-clt' })
  t.same(await codes(t, { [`${score}.metrics.stderr.value`]: 0 }), ['se-zero'])
})

t.test('how a standard error was computed is told by the log', async (t) => {
  t.match(await measure(t, { [`${score}.metrics.stderr.params`]: { cluster: 'subject' } }), { seMethod: 'clustered' })
  t.match(
    await measure(t, {
      'eval.scorers': [{ name: 'match', metrics: [{ name: 'inspect_ai/stderr', options: { cluster: 'x' } }] }],
    }),
    { seMethod: 'clustered' },
  )
  const metrics = {
    accuracy: { name: 'accuracy', value: 0.6 },
    bootstrap_stderr: { name: 'bootstrap_stderr', value: 0.08 },
  }
  t.match(await measure(t, { [`${score}.metrics`]: metrics }), { se: 0.08, seMethod: 'bootstrap' })
})

t.test('without a standard error one is derived from 0/1 scores, and says so', async (t) => {
  const bare = { [`${score}.metrics.stderr`]: undefined }
  const derived = await measure(t, bare)
  t.equal(derived.seMethod, 'derived-binomial')
  t.equal(derived.se, Math.sqrt((0.6 * 0.4) / 40))
  t.same(await codes(t, bare), ['se-derived'])
})

t.test('no standard error is derived where the binomial formula does not fit', async (t) => {
  const bare = { [`${score}.metrics.stderr`]: undefined }
  const scores = (values: unknown[]) => [{ scorer: 'match', samples: values.map((value) => ({ value })) }]
  const cases = {
    'partial credit': { reductions: scores([...Array(23).fill(1), 0.5, 0.5, ...Array(15).fill(0)]) },
    'no share of n items': { [`${accuracy}.value`]: 0.613 },
    'all right': { [`${accuracy}.value`]: 1 },
    'all wrong': { [`${accuracy}.value`]: 0 },
    'several epochs': { 'eval.config.epochs': 4, [`${score}.scored_samples`]: 10 },
  }
  for (const [title, changes] of Object.entries(cases)) {
    const found = await measure(t, { ...bare, ...changes })
    t.match(found, { seMethod: 'not-available' }, title)
    t.notOk('se' in found, title)
    t.ok((await codes(t, { ...bare, ...changes })).includes('se-not-available'), title)
  }
})

t.test('standard deviation and interval are taken over with their metric', async (t) => {
  const metrics = {
    mean: { name: 'inspect_ai/mean', value: 3.5 },
    std: { name: 'inspect_ai/std', value: 1.25 },
    ci_lower: { name: 'ci_lower', value: 3.1, params: { level: 0.95 } },
    ci_upper: { name: 'ci_upper', value: 3.9 },
  }
  t.match(await measure(t, { [`${score}.metrics`]: metrics }), {
    metricId: 'mean',
    value: 3.5,
    sd: 1.25,
    interval: { low: 3.1, high: 3.9, level: 0.95 },
  })
})

t.test('a metric with a prefix takes the spread of its prefix', async (t) => {
  const metrics = { prompt_strict_acc: { value: 0.4 }, prompt_strict_stderr: { value: 0.02 }, inst_acc: { value: 0.5 } }
  const { drafts } = await read(t, inspectLog({ [`${score}.metrics`]: metrics }))
  t.match(drafts[0]?.content.measures, [
    { metricId: 'prompt_strict_acc', se: 0.02 },
    { metricId: 'inst_acc', seMethod: 'not-available' },
  ])
})

t.test('metrics by group have a subgroup and no n, which the log does not say', async (t) => {
  const metrics = {
    accuracy: { name: 'accuracy', value: 0.6 },
    physics: { name: 'physics', value: 0.5, group: 'physics' },
  }
  const result = await read(t, inspectLog({ [`${score}.metrics`]: metrics }))
  t.match(measuresOf(result)[1], { subgroup: { dimension: 'group', value: 'physics' }, n: null })
  t.ok(result.warnings.some(({ code }) => code === 'group-size-unknown'))
})

t.test('several epoch reducers give a measure each', async (t) => {
  const entry = (reducer: string, value: number) => ({
    name: 'match',
    scorer: 'match',
    reducer,
    scored_samples: 10,
    metrics: { accuracy: { name: 'accuracy', value } },
  })
  const { drafts } = await read(
    t,
    inspectLog({
      'eval.config': { epochs: 4, epochs_reducer: ['mean', 'max'] },
      'results.scores': [entry('mean', 0.5), entry('max', 0.9)],
    }),
  )
  t.match(drafts[0]?.content, {
    measures: [
      { metricId: 'accuracy:mean', value: 0.5, n: 10 },
      { metricId: 'accuracy:max', value: 0.9, n: 10 },
    ],
    sampling: { items: 10, epochs: 4, epochReducer: 'mean, max' },
  })
})

t.test('a log that contradicts itself is refused, or its reader told', async (t) => {
  t.equal(await verdict(t, { 'results.completed_samples': 41 }), 'LOG_INCONSISTENT')
  t.equal(await verdict(t, { [`${accuracy}.value`]: 1.2 }), 'LOG_INCONSISTENT')
  t.equal(await verdict(t, { [`${accuracy}.value`]: 60 }), 'LOG_INCONSISTENT', 'a percentage')
  t.equal(await verdict(t, { [`${score}.metrics.stderr.value`]: -0.1 }), 'LOG_INCONSISTENT')
  t.equal(await verdict(t, { 'results.total_samples': 'many' }), 'FIELD_MALFORMED')
  t.equal(await verdict(t, { 'results.total_samples': undefined }), 'FIELD_MISSING')
  t.same(await codes(t, { 'eval.dataset.samples': 3 }), ['dataset-count-mismatch'])
  t.same(await codes(t, { samples: [{}] }), ['samples-incomplete'])
  const wrong = [{ scorer: 'match', samples: Array.from({ length: 40 }, () => ({ value: 1 })) }]
  t.same(await codes(t, { reductions: wrong }), ['recomputed-differs'])
  t.match(await measure(t, { reductions: wrong }), { value: 0.6, check: 'mismatch' })
  t.same(await codes(t, { reductions: [{ scorer: 'match', samples: wrong[0]?.samples.slice(0, 5) }] }), [
    'sample-count-mismatch',
    'recomputed-differs',
  ])
})

t.test('samples that were not completed or not scored are counted as excluded', async (t) => {
  const { drafts } = await read(
    t,
    inspectLog({ 'results.total_samples': 45, [`${score}.unscored_samples`]: 2, [`${score}.scored_samples`]: 38 }),
  )
  t.match(drafts[0]?.content, {
    sampling: {
      items: 40,
      itemsExcluded: [
        { reason: 'samples not completed', count: 5 },
        { reason: 'unscored', count: 2 },
      ],
    },
    measures: [{ n: 38 }],
  })
})

t.test('the size of the dataset is not the number of items where a limit cut it', async (t) => {
  const { drafts } = await read(t, inspectLog({ 'eval.dataset.samples': 14042, 'eval.config.limit': 40 }))
  t.match(drafts[0]?.content, { benchmark: { itemsTotal: 14042 }, sampling: { items: 40, frame: 'first-n' } })
  const random = await read(
    t,
    inspectLog({ 'eval.dataset': { name: 'x', samples: 14042, shuffled: true }, 'eval.config.limit': 40 }),
  )
  t.match(random.drafts[0]?.content, { sampling: { frame: 'random' } })
})

t.test('a mock model makes a synthetic draft', async (t) => {
  const result = await read(t, inspectLog({ 'eval.model': 'mockllm/model' }))
  t.equal(result.drafts[0]?.content.synthetic, true)
  t.match(result.warnings, [{ code: 'mock-model' }])
})

t.test('redacted or telling names are asked for', async (t) => {
  for (const model of [
    '...',
    'none/none',
    '/home/alice/weights',
    'vllm/home/alice/models/x/y',
    'hf/local',
    'openai-api/lab.example.org/x',
    'a\u202eb',
  ]) {
    const { drafts, questions } = await read(t, inspectLog({ 'eval.model': model }))
    t.equal(drafts[0]?.content.subject, undefined, model)
    t.ok(drafts[0]?.missing.includes('/subject/name'), model)
    t.ok(
      questions.some(({ missing }) => missing.includes('/subject/name')),
      model,
    )
  }
  const { drafts } = await read(
    t,
    inspectLog({ 'eval.task': 'examples/secret.py@task', 'eval.dataset.name': '/data/x.json' }),
  )
  t.ok(drafts[0]?.missing.includes('/protocol/name'))
  t.equal(drafts[0]?.content.benchmark, undefined)
})

t.test('providers say who developed a model only where they serve their own', async (t) => {
  const subject = async (model: string) =>
    (await read(t, inspectLog({ 'eval.model': model }))).drafts[0]?.content.subject
  t.same(await subject('openai/gpt-4o-2024-08-06'), {
    name: 'gpt-4o-2024-08-06',
    developer: 'openai',
    version: '2024-08-06',
  })
  t.same(await subject('openai/azure/gpt-4o'), { name: 'gpt-4o', developer: 'openai', platform: 'azure' })
  t.same(await subject('ollama/llama3.1'), { name: 'llama3.1', platform: 'ollama' })
  t.same(await subject('together/meta-llama/Llama-3'), {
    name: 'Llama-3',
    developer: 'meta-llama',
    platform: 'together',
  })
  t.same(await subject('openai-api/ourservice/model-x'), { name: 'model-x' })
})

t.test('code that was changed after its commit is pointed out', async (t) => {
  t.same(await codes(t, { 'eval.revision.dirty': true }), ['harness-dirty'])
})

t.test('times without an offset lose their hour, and times in the wrong order are asked for', async (t) => {
  t.same(await codes(t, { 'stats.started_at': '2025-09-15T15:02:27' }), ['timestamp-naive'])
  const { drafts, warnings } = await read(t, inspectLog({ 'stats.completed_at': '2025-09-14T00:00:00Z' }))
  t.match(warnings, [{ code: 'timestamp-refused' }])
  t.ok(drafts[0]?.missing.includes('/testedTo'))
})

t.test('who graded is known for the scorers of Inspect and asked for others', async (t) => {
  const grading = async (scorer: string, changes = {}) =>
    (await read(t, inspectLog({ [`${score}.scorer`]: scorer, ...changes }))).drafts[0]?.content.grading
  t.match(await grading('choice'), { kind: 'exact' })
  t.match(await grading('match1'), { kind: 'exact' })
  t.match(await grading('model_graded_fact', { 'eval.model_roles': { grader: { model: 'openai/gpt-4o' } } }), {
    kind: 'model',
    judges: [{ model: 'openai/gpt-4o' }],
  })
  t.same(Object.keys((await grading('our_scorer')) ?? {}), ['judges', 'agreement'])
})

t.test('pointers, empty files, folders, foreign JSON and other encodings are refused by name', async (t) => {
  const code = async (content: string | Buffer) => (await readInspect(writeLog(t, content))).code
  t.equal(await code('version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 3\n'), 'POINTER_ONLY')
  t.equal(await code('../.git/annex/objects/ab/cd/SHA256E-s3--aa/x'), 'POINTER_ONLY')
  t.equal(await code('/annex/objects/SHA256E-s3--aa\n'), 'POINTER_ONLY')
  t.equal(await code(''), 'FILE_EMPTY')
  t.equal(await code('{"hello": 1}'), 'FORMAT_UNKNOWN')
  t.equal(await code('[]'), 'FORMAT_UNKNOWN')
  t.equal(await code('\ufeff{}'), 'JSON_ENCODING')
  t.equal(await code(Buffer.from(JSON.stringify(inspectLog()), 'utf16le')), 'JSON_ENCODING')
  t.equal(await code(JSON.stringify({ ...inspectLog(), evaluation_results: [] })), 'FORMAT_AMBIGUOUS')
  t.equal((await readInspect('/nowhere/at/all')).code, 'FILE_UNREADABLE')
  t.equal((await readInspect('/')).code, 'FILE_NOT_REGULAR')
})
