import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** What becomes of a file with this text. */
async function run(t: Test, text: string, timeoutMs = 60_000) {
  const folder = t.testdir()
  const tap = JSON.stringify(import.meta.resolve('tap'))
  writeFileSync(join(folder, 'one.test.mjs'), `import t from ${tap}\n${text}\n`)
  const { signal } = new AbortController()
  const write = t.capture(process.stdout, 'write')
  const counts = await runTests(folder, { files: ['one.test.mjs'], timeoutMs, env: process.env, signal })
  write.restore()
  return counts
}
