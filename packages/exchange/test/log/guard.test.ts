import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { TreeHead } from '../../src/deps.ts'
import { openGuard } from '../../src/log/guard.ts'
import { judgeGuard } from '../../src/log/judge-guard.ts'

const head = (size: number, root = `root-${size}`): TreeHead => ({ size, root })

t.test('the guard file', async (t) => {
  const path = join(t.testdir(), 'guard')
  const guard = openGuard(path)
  t.teardown(() => guard.close())

  await t.test('knows nothing when it is new, and is for its owner alone', async (t) => {
    t.equal(guard.read(), undefined)
    t.equal(statSync(path).mode & 0o777, 0o600)
  })

  await t.test('gives back what was written last, also to another process', async (t) => {
    await guard.intend(head(0), head(1))
    await guard.intend(head(1), head(4))
    guard.seal(head(4))
    const other = openGuard(path)
    t.same(other.read(), { prev: head(1), last: head(4), sealed: head(4) })
    other.close()
  })

  await t.test('falls back to the write before one that was cut off', async (t) => {
    await guard.intend(head(4), head(5))
    const whole = readFileSync(path)
    const torn = Buffer.from(whole)
    torn.fill(0, whole.indexOf('"size":5') - 20, whole.indexOf('"size":5') + 20)
    writeFileSync(path, torn)
    t.same(guard.read(), { prev: head(1), last: head(4), sealed: head(4) })
    writeFileSync(path, whole)
    t.match(guard.read(), { last: head(5) })
  })

  await t.test('that holds nothing readable is not taken for a new one', async (t) => {
    writeFileSync(path, Buffer.alloc(2048, 'x'))
    t.same(guard.read(), { prev: undefined, last: undefined, sealed: undefined })
  })

  await t.test('that cannot be opened refuses the start', async (t) => {
    t.throws(() => openGuard(join(t.testdir(), 'no', 'such', 'folder', 'guard')), { code: 'guard-damaged' })
  })
})

t.test('database and guard', async (t) => {
  const guard = (prev: TreeHead, last: TreeHead, sealed?: TreeHead) => ({ prev, last, sealed })
  const cases = [
    ['both empty: a first start', head(0), undefined, 'first-start'],
    ['at the same head: go on', head(5), guard(head(3), head(5), head(5)), 'consistent'],
    ['an append that was never committed: go on', head(3), guard(head(3), head(5), head(3)), 'consistent'],
    ['an append that was never committed, before any seal: go on', head(3), guard(head(3), head(5)), 'consistent'],
    ['a database with entries and no guard', head(5), undefined, 'missing'],
    ['a database without entries and a guard', head(0), guard(head(3), head(5), head(5)), 'signed-beyond'],
    ['a backup from one signed append ago', head(3), guard(head(3), head(5), head(5)), 'signed-beyond'],
    ['a backup from long ago', head(1), guard(head(3), head(5), head(5)), 'signed-beyond'],
    ['a standby that lacks an append nobody saw signed', head(2), guard(head(3), head(5), head(2)), 'ahead'],
    ['a guard from an old backup', head(9), guard(head(3), head(5), head(5)), 'stale'],
    ['the same size with another root', head(5, 'other'), guard(head(3), head(5), head(5)), 'signed-beyond'],
    ['the same size with another root, not signed', head(5, 'other'), guard(head(3), head(5), head(3)), 'stale'],
    ['a guard that cannot be read', head(5), { prev: undefined, last: undefined, sealed: undefined }, 'missing'],
    [
      'an empty database and an unreadable guard',
      head(0),
      { prev: undefined, last: undefined, sealed: undefined },
      'missing',
    ],
  ] as const
  for (const [what, database, state, verdict] of cases) {
    await t.test(what, async (t) => {
      t.equal(judgeGuard(database, state), verdict)
    })
  }
})
