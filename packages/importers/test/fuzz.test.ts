import { ok } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type ImportResult, readInspect } from '../src/index.ts'
import { measuresOf, temporaryFolder } from './logs.ts'

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
      { seed: 3, numRuns: 40 },
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
      { seed: 4, numRuns: 120 },
    )
  })
}
