import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { failuresIn, runTests } from '../../.setup/run-tests.ts'

t.test('what failed is left, with the way to it, and nothing that passed', async (t) => {
  const tap = `TAP version 14
# Subtest: a node
    # Subtest: starts
        ok 1 - should be equal
        1..1
    ok 1 - starts # time=1ms

    # Subtest: stops
        ok 1 - should be equal
        not ok 2 - should be gone
          ---
          code: 3
          ...

        1..2
    not ok 2 - stops # time=2ms

    1..2
not ok 1 - a node # time=3ms

1..1
# { total: 3, pass: 2, fail: 1 }
`
  t.equal(
    failuresIn(tap),
    `# Subtest: a node
    # Subtest: stops
        not ok 2 - should be gone
          ---
          code: 3
          ...
    not ok 2 - stops # time=2ms
not ok 1 - a node # time=3ms`,
  )
})

t.test('assertions are counted, and a file that breaks off is a failure', async (t) => {
  const green = `t.test('one', async (t) => { t.pass(); t.pass() })`
  t.match(await run(t, green), { passed: 2, failed: 0 })
  t.match(await run(t, `t.fail()\nt.pass()`), { passed: 1, failed: 1 })
  t.match(
    await run(
      t,
      `${green}\nsetTimeout(() => process.kill(process.pid, 'SIGKILL'), 200)\nt.test('never', () => new Promise(() => setInterval(() => {}, 1)))`,
    ),
    {
      failed: 1,
    },
  )
  t.match(await run(t, `throw new Error('early')`), { failed: 1 })
})

t.test('a file that hangs is ended', async (t) => {
  t.match(await run(t, `t.test('for ever', () => new Promise(() => setInterval(() => {}, 1)))`, 1_000), { failed: 1 })
})

t.test('files of a package share a process, and all others have one each', async (t) => {
  const sets = `Object.assign(globalThis, { met: [...(globalThis.met ?? []), 1] })\nt.pass()`
  const met = (count: number) => `t.equal(globalThis.met?.length ?? 0, ${count})`
  const folder = folderWith(t, {
    'packages/log/test/a.test.ts': sets,
    'packages/log/test/b.test.ts': met(1),
    'packages/cli/test/a.test.ts': sets,
    'packages/cli/test/b.test.ts': met(0),
  })
  t.match(await runIn(t, folder, []), { passed: 4, failed: 0 })
})

t.test('a part of a file is told which it is', async (t) => {
  const folder = folderWith(t, { 'one.test.mjs': `t.equal(process.env.CONCORDANCE_PART, '2/3')` })
  t.match(await runIn(t, folder, ['one.test.mjs#2/3']), { passed: 1, failed: 0 })
  t.match(await runIn(t, folder, ['one.test.mjs']), { passed: 0, failed: 1 })
})

/** What becomes of a file with this text. */
function run(t: Test, text: string, timeoutMs = 60_000) {
  return runIn(t, folderWith(t, { 'one.test.mjs': text }), ['one.test.mjs'], timeoutMs)
}

async function runIn(t: Test, folder: string, files: string[], timeoutMs = 60_000) {
  const { signal } = new AbortController()
  const write = t.capture(process.stdout, 'write')
  const counts = await runTests(folder, { files, timeoutMs, env: process.env, signal })
  write.restore()
  return counts
}

function folderWith(t: Test, files: Record<string, string>): string {
  const folder = t.testdir()
  const tap = JSON.stringify(import.meta.resolve('tap'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), `import t from ${tap}\n${text}\n`)
  }
  return folder
}
