import { appendFile, cp } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { bundled, findOtherChanges, findStrays } from '../../.setup/bundles.ts'

const root = dirname(dirname(import.meta.dirname))

for (const installed of bundled) {
  t.test(`the few files of ${basename(installed)} are its own sources and nothing else`, async (t) => {
    const folder = join(t.testdir(), 'package')
    await cp(join(root, installed), folder, { recursive: true, dereference: true })
    t.strictSame(await findStrays(folder), [])
    const entry = join(folder, installed.includes('typebox') ? 'build/bundle/index.mjs' : 'dist/bundle/index.mjs')
    await appendFile(entry, '// stray')
    t.strictSame(await findStrays(folder), [entry], 'one more comment is found')
  })
}

t.test('a patch that changes a source itself is found', async (t) => {
  const head = (file: string) => `diff --git a/${file} b/${file}\n`
  t.strictSame(findOtherChanges(head('build/bundle/index.mjs') + head('package.json')), [])
  t.strictSame(findOtherChanges(head('package.json') + head('build/type/index.mjs')), ['build/type/index.mjs'])
})
