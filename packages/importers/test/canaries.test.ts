import { readdirSync, readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import type { Measure } from '@concordance/protocol'
import t from 'tap'
import { everyEvalEverMembers } from '../src/every-eval-ever/allow-list.ts'
import { type ImportResult, readEveryEvalEver, readInspect } from '../src/index.ts'
import { headerShape, inspectMembers, reductionsShape } from '../src/inspect/allow-list.ts'
import { object, type Shape } from '../src/json/shape.ts'
import { inspectLog, record, writeLog } from './logs.ts'
import { zipFile } from './zip-file.ts'

const folder = new URL('./data/', import.meta.url)
const fileShape = object({ ...inspectMembers, ...everyEvalEverMembers })

interface Planted {
  readonly value: unknown
  readonly canaries: number
}

/**
 * Puts a canary into every text that the allow-list does not name, beside every value and behind every member name, at
 * any depth; numbers that are not allowed become telling numbers.
 */
function plant(value: unknown, shape: Shape | undefined): Planted {
  let canaries = 0
  const canary = () => `canary-${++canaries}-secret`
  const visit = (part: unknown, allowed: Shape | undefined): unknown => {
    if (Array.isArray(part)) {
      const items = allowed?.kind === 'list' || allowed?.kind === 'fold' ? allowed.items : undefined
      const isCounted = allowed?.kind === 'fold'
      return [...part.map((item) => visit(item, items)), ...(isCounted || allowed !== undefined ? [] : [canary()])]
    }
    if (typeof part === 'object' && part !== null) {
      const members = Object.entries(part).map(([name, member]) => [name, visit(member, shapeOfMember(allowed, name))])
      // members of a dictionary are data themselves
      if (allowed?.kind === 'dictionary') return Object.fromEntries(members)
      return Object.fromEntries([...members, ['unknown_member', canary()], [canary(), { [canary()]: [canary()] }]])
    }
    if (allowed?.kind === 'scalar') return part
    if (typeof part === 'number') return 424242.125 + canaries++
    return typeof part === 'string' ? canary() : part
  }
  const planted = visit(value, shape)
  return { value: planted, canaries }
}

function shapeOfMember(shape: Shape | undefined, name: string): Shape | undefined {
  if (shape?.kind === 'object') return shape.members[name]
  return shape?.kind === 'dictionary' ? shape.values : undefined
}

/** Telling text in a result, if there is any. */
function told(result: ImportResult): string | undefined {
  return /canary|424\d{3}\.125|unknown_member/.exec(JSON.stringify({ ...result, file: '' }))?.[0]
}

function valuesOf(result: ImportResult): unknown {
  const measures = result.drafts.map(({ content }) => content.measures as unknown as Measure[])
  return measures.map((list) => list.map(({ value, se, n }) => [value, se, n]))
}

const files = ['inspect', 'every-eval-ever'].flatMap((name) =>
  readdirSync(new URL(name, folder)).map((file) => `${name}/${file}`),
)

t.test(
  'nothing outside the allow-list appears in a draft, an origin, a warning, a question or a refusal',
  async (t) => {
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const { value, canaries } = plant(JSON.parse(readFileSync(new URL(file, folder), 'utf8')), fileShape)
      const read = file.startsWith('inspect/') ? readInspect : readEveryEvalEver
      const after = await read(writeLog(t, value as object))
      t.equal(told(after), undefined, `${file}: none of ${canaries} canaries`)
      t.ok(canaries > 10)
      t.same(valuesOf(after), valuesOf(await read(new URL(file, folder).pathname)), `${file}: the same numbers`)
    }
  },
)

t.test(
  'nothing outside the allow-list leaves an archive, of its samples, summaries and journal nothing at all',
  async (t) => {
    for (const file of files.filter((name) => name.endsWith('.eval') && !name.includes('zstd'))) {
      const planted = readEntries(readFileSync(new URL(file, folder))).map(({ name, data }) => {
        const shape = name === 'header.json' ? headerShape : name === 'reductions.json' ? reductionsShape : undefined
        return { name, ...plant(JSON.parse(data.toString()), shape) }
      })
      const entries = planted.map(({ name, value }) => ({ name, data: JSON.stringify(value) }))
      const archive = zipFile([...entries, { name: 'canary.txt', data: 'canary' }])
      const after = await readInspect(writeLog(t, archive, 'log.eval'))
      t.equal(told(after), undefined, file)
      t.ok(planted.every(({ canaries }) => canaries > 0))
      t.same(valuesOf(after), valuesOf(await readInspect(new URL(file, folder).pathname)), `${file}: the same numbers`)
    }
  },
)

/** Entries of a genuine archive by its local headers, all deflated and in order. */
function readEntries(archive: Buffer): { name: string; data: Buffer }[] {
  const entries: { name: string; data: Buffer }[] = []
  for (let at = 0; archive.readUInt32LE(at) === 0x04034b50; ) {
    const nameBytes = archive.readUInt16LE(at + 26)
    const start = at + 30 + nameBytes + archive.readUInt16LE(at + 28)
    const end = start + archive.readUInt32LE(at + 18)
    entries.push({
      name: archive.toString('utf8', at + 30, at + 30 + nameBytes),
      data: inflateRawSync(archive.subarray(start, end)),
    })
    at = end
  }
  return entries
}

t.test('a refusal says where and never what', async (t) => {
  const secrets = [
    JSON.stringify(inspectLog({ status: 'canary' })),
    JSON.stringify(inspectLog({ version: 'canary' })),
    JSON.stringify(inspectLog({ 'results.total_samples': 'canary' })),
    JSON.stringify(record({ schema_version: 'canary' })),
    JSON.stringify(record({ 'evaluation_results.0.score_details.score': 'canary' })),
    `{"version": 2, "eval": {"task": "canary", "task": "canary"}}`,
    `{"version": 2, "eval": canary}`,
    'canary canary',
  ]
  for (const text of secrets) {
    const result = await (text.includes('schema_version') ? readEveryEvalEver : readInspect)(writeLog(t, text))
    t.equal(result.outcome, 'refused', text.slice(0, 60))
    t.equal(told(result), undefined)
  }
})

t.test('telling text in fields that are allowed stays home as well', async (t) => {
  const canary = '/home/canary/secret'
  const fields = [
    'eval.model',
    'eval.task',
    'eval.task_version',
    'eval.dataset.name',
    'eval.solver',
    'eval.revision.commit',
    'eval.packages.inspect_ai',
    'stats.started_at',
    'results.scores.0.name',
    'results.scores.0.scorer',
    'results.scores.0.metrics.accuracy.group',
    'plan.steps.0.solver',
    'plan.config.reasoning_effort',
  ]
  for (const field of fields) {
    const result = await readInspect(writeLog(t, inspectLog({ [field]: canary })))
    t.equal(told(result), undefined, field)
  }
  const record0 = 'evaluation_results.0'
  for (const field of [
    'model_info.id',
    'model_info.developer',
    'source_metadata.source_organization_name',
    'eval_library.version',
    `${record0}.evaluation_name`,
    `${record0}.source_data.dataset_name`,
    `${record0}.source_data.hf_split`,
    `${record0}.metric_config.metric_id`,
    `${record0}.metric_config.metric_unit`,
    `${record0}.metric_config.evaluation_description`,
  ]) {
    const result = await readEveryEvalEver(writeLog(t, record({ [field]: canary })))
    t.equal(told(result), undefined, field)
  }
})
