import type { Measure } from '@concordance/protocol'
import t, { type Test } from 'tap'
import { type ImportResult, readEveryEvalEver, readInspect } from '../src/index.ts'
import { inspectLog, measuresOf, record, writeLog } from './logs.ts'

function read(t: Test, changes: Record<string, unknown>): Promise<ImportResult> {
  return readEveryEvalEver(writeLog(t, record(changes)))
}

const result = 'evaluation_results.0'
const config = `${result}.metric_config`
const details = `${result}.score_details`

async function measure(t: Test, changes: Record<string, unknown>): Promise<Partial<Measure>> {
  return measuresOf(await read(t, changes))[0] ?? {}
}

async function codes(t: Test, changes: Record<string, unknown>): Promise<string[]> {
  return (await read(t, changes)).warnings.map(({ code }) => code)
}

t.test('a record is a draft with its system, benchmark and evaluator', async (t) => {
  const { drafts, warnings } = await read(t, {})
  t.match(drafts[0]?.content, {
    subject: { name: 'demo-model-2025-01-31', developer: 'demo-org', version: '2025-01-31', weights: 'open' },
    benchmark: { name: 'demo_bench', split: 'test' },
    testedFrom: '2025-06-15T15:06:40Z',
    testedTo: null,
    conduct: { by: 'Example Laboratory', role: 'third-party' },
    apparatus: { harness: { name: 'inspect_ai', version: '0.3.137' } },
    sampling: { items: 200 },
    measures: [{ metricId: 'accuracy', value: 0.75, sourceValue: '0.75', n: 200, direction: 'higher-better' }],
  })
  t.same(
    warnings.map(({ code }) => code),
    ['se-derived'],
  )
})

t.test('versions 0.0 to 0.3 are known', async (t) => {
  for (const version of ['0.0.1', '0.1.0', '0.2.2', '0.3.0', '0.3.7'])
    t.equal((await read(t, { schema_version: version })).outcome, 'draft')
  for (const version of ['0.4.0', '1.0.0', 'latest'])
    t.equal((await read(t, { schema_version: version })).code, 'FORMAT_VERSION')
  t.equal((await read(t, { schema_version: undefined })).code, 'FIELD_MISSING')
  t.equal((await read(t, { evaluation_results: [] })).code, 'RUN_UNSCORED')
})

t.test('percent and proportion are kept apart, and a mix of both is not taken over', async (t) => {
  t.match(
    await measure(t, { [`${config}.metric_unit`]: 'percent', [`${config}.max_score`]: 100, [`${details}.score`]: 75 }),
    {
      value: 75,
      unit: 'percent',
      max: 100,
      se: 100 * Math.sqrt((0.75 * 0.25) / 200),
    },
  )
  t.match(
    await measure(t, { [`${config}.metric_unit`]: undefined, [`${config}.max_score`]: 100, [`${details}.score`]: 75 }),
    { unit: 'percent' },
  )
  const mixed: Record<string, unknown>[] = [
    { [`${details}.score`]: 75 },
    { [`${config}.metric_unit`]: 'percent' },
    { [`${config}.max_score`]: 100 },
    { [`${config}.max_score`]: undefined, [`${config}.min_score`]: undefined, [`${details}.score`]: 75 },
  ]
  for (const changes of mixed) {
    const refused = await read(t, changes)
    t.equal(refused.code, 'NO_MEASURES', JSON.stringify(changes))
    t.match(refused.warnings, [{ code: /value-out-of-range|unit-contradiction/ }])
  }
})

t.test('a unit nobody states is said to be unstated', async (t) => {
  const bare = {
    [`${config}.metric_unit`]: undefined,
    [`${config}.min_score`]: 'Infinity',
    [`${config}.max_score`]: null,
    [`${details}.score`]: 1210,
  }
  t.match(await measure(t, bare), { unit: 'unstated', value: 1210 })
  t.ok((await codes(t, bare)).includes('unit-unstated'))
})

t.test('reported uncertainty is taken over in both shapes', async (t) => {
  const uncertainty = {
    standard_error: { value: 0.03, method: 'bootstrap' },
    confidence_interval: { lower: 0.69, upper: 0.81, confidence_level: 0.95, method: 'bootstrap' },
    standard_deviation: 0.43,
    num_samples: 200,
  }
  t.match(await measure(t, { [`${details}.uncertainty`]: uncertainty }), {
    se: 0.03,
    seMethod: 'bootstrap',
    sd: 0.43,
    interval: { low: 0.69, high: 0.81, level: 0.95, method: 'bootstrap' },
  })
  t.match(await measure(t, { [`${details}.confidence_interval`]: { lower: 0.7, upper: 0.8 } }), {
    interval: { low: 0.7, high: 0.8 },
  })
  t.match(await measure(t, { [`${details}.uncertainty.standard_error`]: { value: 0.03 } }), {
    seMethod: 'reported-clt',
  })
})

t.test('margins given for bounds are added to the score, and what is no interval around it is left out', async (t) => {
  const margins = { [`${details}.uncertainty.confidence_interval`]: { lower: -0.06, upper: 0.06, method: 'unknown' } }
  t.same((await measure(t, margins)).interval, { low: 0.69, high: 0.81 })
  t.ok((await codes(t, margins)).includes('interval-as-margin'))
  for (const interval of [
    { lower: 0.8, upper: 0.7 },
    { lower: 0.8, upper: 0.9 },
    { lower: -0.05, upper: 0.06 },
    { lower: 'a', upper: 1 },
  ]) {
    const changes = { [`${details}.uncertainty.confidence_interval`]: interval }
    t.notOk('interval' in (await measure(t, changes)), JSON.stringify(interval))
    t.ok((await codes(t, changes)).includes('interval-refused'))
  }
  t.ok(
    (await codes(t, { [`${details}.confidence_interval`]: { lower: 0.75, upper: 0.75 } })).includes(
      'interval-zero-width',
    ),
  )
})

t.test('a standard error of 0 is pointed out, one below 0 is left out', async (t) => {
  const zero = { [`${details}.uncertainty.standard_error`]: { value: 0 } }
  t.match(await measure(t, zero), { se: 0, seMethod: 'reported-clt' })
  t.same(await codes(t, zero), ['se-zero'])
  t.ok((await codes(t, { [`${details}.uncertainty.standard_error`]: { value: -1 } })).includes('se-not-finite'))
})

t.test('scores that are none are left out', async (t) => {
  for (const score of [null, '0.75', undefined])
    t.match(await read(t, { [`${details}.score`]: score }), {
      code: 'NO_MEASURES',
      warnings: [{ code: 'value-missing' }],
    })
  const unknown = {
    [`${config}.score_type`]: 'levels',
    [`${config}.has_unknown_level`]: true,
    [`${config}.min_score`]: undefined,
    [`${details}.score`]: -1,
  }
  t.equal((await read(t, unknown)).code, 'NO_MEASURES')
})

t.test('the items that were run are counted, not the dataset they come from', async (t) => {
  const data = { dataset_name: 'demo_bench', samples_number: 2376, sample_ids: [1, 2, 3, 4] }
  const changes = {
    [`${result}.source_data`]: data,
    [`${details}.uncertainty`]: undefined,
    detailed_evaluation_results: { total_rows: 4 },
  }
  const { drafts } = await read(t, changes)
  t.match(drafts[0]?.content, { sampling: { items: 4 }, benchmark: { itemsTotal: 2376 }, measures: [{ n: 4 }] })
  t.ok(
    (await codes(t, { ...changes, detailed_evaluation_results: { total_rows: 3 } })).includes('sample-count-mismatch'),
  )
  const open = await read(t, {
    ...changes,
    [`${result}.source_data`]: { ...data, sample_ids: undefined },
    detailed_evaluation_results: undefined,
  })
  t.match(open.drafts[0]?.content, { sampling: { items: null }, measures: [{ n: null }] })
  t.equal(open.questions.find(({ id }) => id === 'sampling')?.suggestions?.['/sampling/items'], 2376)
})

const resultNamed = (evaluation_name: string, dataset_name: string, score: number) => ({
  evaluation_name,
  source_data: { dataset_name },
  metric_config: { metric_id: 'accuracy', lower_is_better: false, min_score: 0, max_score: 1 },
  score_details: { score },
})

t.test('each benchmark and condition of a record is a draft, its parts are measures', async (t) => {
  const { drafts, warnings } = await read(t, {
    evaluation_results: [
      resultNamed('Overall', 'a', 0.5),
      resultNamed('French', 'a', 0.4),
      resultNamed('Chat Hard', 'a', 0.6),
      resultNamed('b', 'b', 0.9),
    ],
  })
  t.match(
    drafts.map(({ content }) => content.measures),
    [
      [
        { value: 0.5 },
        { subgroup: { dimension: 'language', value: 'fr' } },
        { subgroup: { dimension: 'part', value: 'Chat Hard' } },
      ],
      [{ value: 0.9 }],
    ],
  )
  t.ok(warnings.some(({ code }) => code === 'overall-and-parts'))
  const warm = { ...resultNamed('a', 'a', 0.5), generation_config: { generation_args: { temperature: 1 } } }
  t.equal(
    (await read(t, { evaluation_results: [resultNamed('a', 'a', 0.5), warm] })).drafts.length,
    2,
    'another temperature',
  )
})

t.test('an organisation that only collected numbers is suggested, not named as the tester', async (t) => {
  const { drafts, questions } = await read(t, {
    'source_metadata.source_type': 'documentation',
    'source_metadata.source_name': 'A leaderboard',
  })
  t.same(drafts[0]?.content.conduct, { role: 'third-party' })
  t.equal(questions.find(({ id }) => id === 'conduct')?.suggestions?.['/conduct/by'], 'Example Laboratory')
  t.same(drafts[0]?.content.cites, [{ title: 'A leaderboard' }])
})

t.test('a scaffold, which stands among free details, is suggested', async (t) => {
  const generation_config = {
    generation_args: { agentic_eval_config: { available_tools: [{ name: 'bash', description: 'x' }] } },
    additional_details: { agent_scaffold: 'A generalist agent' },
  }
  const { drafts, questions } = await read(t, { [`${result}.generation_config`]: generation_config })
  t.notMatch(drafts[0]?.content.apparatus, { scaffold: {} })
  t.same(questions.find(({ id }) => id === 'protocol')?.suggestions?.['/apparatus/scaffold'], {
    name: 'A generalist agent',
    tools: ['bash'],
  })
})

t.test('placeholders and unknowns are asked for', async (t) => {
  const { drafts } = await read(t, {
    'source_metadata.source_organization_name': 'unknown',
    'model_info.id': '<model>',
    'model_info.developer': 'unknown',
  })
  t.ok(drafts[0]?.missing.includes('/conduct/by'))
  t.ok(drafts[0]?.missing.includes('/subject/name'))
})

t.test('each reader refuses the format of the other', async (t) => {
  t.equal((await readEveryEvalEver(writeLog(t, inspectLog()))).code, 'FORMAT_UNKNOWN')
  t.equal((await readInspect(writeLog(t, record()))).code, 'FORMAT_UNKNOWN')
})
