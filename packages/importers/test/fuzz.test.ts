import { ok } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type ImportResult, readEveryEvalEver, readInspect } from '../src/index.ts'
import { inspectLog, measuresOf, record, temporaryFolder } from './logs.ts'

const folder = new URL('./data/inspect/', import.meta.url)
const files = [
  '2025-03-18_theory-of-mind_claude-3-7-sonnet.eval',
  '2025-12-19_mmlu-summary-choices.eval',
  'retry-2-then-success_zstd.eval',
  '2025-05-12_popularity_cancelled.json',
  'log_formats.json',
]

/** Numbers of a result as the file spells them. */
function tokensOf(result: ImportResult): string {
  return JSON.stringify(measuresOf(result).map(({ value, sourceValue, n }) => [value, sourceValue, n]))
}

for (const file of files) {
  t.test(`${file}, cut or with flipped bits, is refused with a code or read exactly`, async (t) => {
    const bytes = readFileSync(new URL(file, folder))
    const path = join(temporaryFolder(t), 'log')
    const read = (content: Uint8Array) => {
      writeFileSync(path, content)
      return readInspect(path)
    }
    const honest = tokensOf(await read(bytes))
    const sound = ({ code, outcome }: ImportResult) => (outcome === 'refused' ? code !== undefined : true)

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        const result = await read(bytes.subarray(0, length))
        ok(result.outcome === 'refused' && result.code !== undefined)
      }),
      { seed: 3, numRuns: 25 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length * 8 - 1), { minLength: 1, maxLength: 3 }), async (bits) => {
        const flipped = Buffer.from(bytes)
        for (const bit of bits) flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const result = await read(flipped)
        ok(sound(result))
        // an archive has checksums over all that is read of it
        if (file.endsWith('.eval') && result.outcome === 'draft') ok(tokensOf(result) === honest)
      }),
      { seed: 4, numRuns: 60 },
    )
  })
}

/** Values no log should have somewhere, and some it may. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    ' ',
    '0',
    'x'.repeat(300),
    -1,
    0,
    1,
    0.5,
    1e300,
    1e20,
    5e-324,
    -0.0001,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    { value: 1 },
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double({ noNaN: true }),
)

/** Every place in a value, as a path. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return [[...path], ...Object.entries(value).flatMap(([name, part]) => places(part, [...path, name]))]
}

function replaced(value: unknown, path: readonly string[], odd: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return odd
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[name] = replaced(copy[name], rest, odd)
  return copy
}

for (const [title, log, read] of [
  ['an Inspect log', inspectLog(), readInspect],
  ['a record of Every Eval Ever', record(), readEveryEvalEver],
] as const) {
  t.test(`${title} with odd values anywhere is refused with a code or makes drafts of the right form`, async (t) => {
    const path = join(temporaryFolder(t), 'log')
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places(log).slice(1)), odd, async (place, value) => {
        writeFileSync(path, JSON.stringify(replaced(log, place, value)))
        const result = await read(path)
        ok(result.outcome === 'draft' || (result.code !== undefined && result.code !== 'IMPORT_FAILED'), result.detail)
      }),
      { seed: 5, numRuns: 800 },
    )
  })
}
