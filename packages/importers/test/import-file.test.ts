import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompressSync } from 'node:zlib'
import type { EvaluationBody } from '@concordance/protocol'
import t from 'tap'
import { type ImportResult, importFile, parseAnswers, readInspect } from '../src/index.ts'
import { readLog } from '../src/read-log.ts'
import { writeLargeArchive } from './large-archive.ts'
import { inspectLog, temporaryFolder, writeLog } from './logs.ts'
import { zipFile } from './zip-file.ts'

/** Memory of the whole importing process, Node and its thread included. */
const memoryLimitMib = 400
const inFull = process.env.CONCORDANCE_FAULTS === 'full'

interface Printed {
  readonly outcome: ImportResult['outcome']
  readonly code?: string
  readonly warnings: string[]
  readonly content: EvaluationBody
  readonly progress: number
  readonly peakMib: number
}

async function importApart(path: string): Promise<Printed> {
  const script = new URL('./print-import.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [script, path], { env: { PATH: process.env.PATH } })
  return JSON.parse(stdout) as Printed
}

t.test('an archive larger than memory is imported within its limit', async (t) => {
  const mebibytes = inFull ? 2047 : 200
  const path = join(temporaryFolder(t), 'large.eval')
  writeLargeArchive(path, mebibytes)
  const result = await importApart(path)
  t.comment(`${statSync(path).size} bytes, ${JSON.stringify({ ...result, content: undefined })}`)
  t.match(result, { outcome: 'draft', warnings: [], progress: statSync(path).size })
  t.match(result.content, { sampling: { items: mebibytes }, measures: [{ value: 0.5, n: mebibytes }] })
  t.ok(result.peakMib < memoryLimitMib, `${result.peakMib} MiB`)
})

t.test('a JSON log larger than memory is imported within its limit, its samples passed over', async (t) => {
  const path = join(temporaryFolder(t), 'large.json')
  const file = openSync(path, 'w')
  const sample = `${JSON.stringify({ id: 1, messages: Array(1000).fill({ role: 'user', content: 'a "quoted" \\ text '.repeat(50) }) })},`
  writeSync(file, '{"samples":[')
  const samples = inFull ? 2000 : 100
  for (let index = 0; index < samples; index++) writeSync(file, sample)
  writeSync(file, `{}],${JSON.stringify(inspectLog()).slice(1)}`)
  closeSync(file)
  const result = await importApart(path)
  t.comment(`${statSync(path).size} bytes, ${JSON.stringify({ ...result, content: undefined })}`)
  t.match(result, { outcome: 'draft', warnings: ['samples-incomplete'], content: { measures: [{ value: 0.6 }] } })
  t.ok(result.peakMib < memoryLimitMib, `${result.peakMib} MiB`)
})

t.test('the scores of a very long run are summed up within the limit', async (t) => {
  const samples = Array.from({ length: 150_000 }, (_, index) => ({
    value: index % 5 < 3 ? 1 : 0,
    explanation: `${index * 7919}`.repeat(5),
  }))
  const score = 'results.scores.0'
  const log = inspectLog({
    'results.total_samples': samples.length,
    'results.completed_samples': samples.length,
    'eval.dataset.samples': samples.length,
    [`${score}.scored_samples`]: samples.length,
  })
  const packed = zstdCompressSync(JSON.stringify([{ scorer: 'match', samples }]))
  const entries = [
    { name: 'header.json', data: JSON.stringify(log), method: 93 },
    { name: 'reductions.json', data: JSON.stringify([{ scorer: 'match', samples }]), method: 93, packed },
  ]
  const result = await importApart(writeLog(t, zipFile(entries), 'log.eval'))
  t.match(result, { outcome: 'draft', content: { measures: [{ n: 150_000, check: 'matches' }] } })
  t.ok(result.peakMib < memoryLimitMib, `${result.peakMib} MiB`)
})

t.test('the thread gives what reading in place gives, and names the file as the caller did', async (t) => {
  const path = writeLog(t, inspectLog())
  const answers = parseAnswers({ phase: 'retired' })
  t.same(await importFile(path, { answers }), await readInspect(path, { answers }))
  t.equal((await importFile('nowhere.json')).file, 'nowhere.json')
})

t.test('an import can be stopped before it starts and while it reads', async (t) => {
  await t.rejects(importFile('x', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const path = join(temporaryFolder(t), 'large.eval')
  writeLargeArchive(path, 60)
  const controller = new AbortController()
  const stopping = importFile(path, { signal: controller.signal, onProgress: () => controller.abort() })
  await t.rejects(stopping, { name: 'AbortError' })
})

t.test('an import that takes too long is refused', async (t) => {
  const result = await importFile(writeLog(t, inspectLog()), { timeoutMs: 1 })
  t.match(result, { outcome: 'refused', code: 'IMPORT_TIMEOUT', drafts: [] })
})

t.test('a file that is written to while it is read is refused', async (t) => {
  const path = join(temporaryFolder(t), 'log.json')
  writeLargeArchive(path, 3)
  const reading = await readLog(path, ({ bytesRead, bytes }) => {
    if (bytesRead < bytes) appendFileSync(path, 'x')
  })
  t.match(reading, { outcome: 'refused', code: 'FILE_CHANGED' })
})

t.test('a pipe is refused without waiting for a writer', async (t) => {
  const path = join(temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  t.equal((await importFile(path)).code, 'FILE_NOT_REGULAR')
})
