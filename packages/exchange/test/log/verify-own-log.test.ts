import t, { type Test } from 'tap'
import type { Deps } from '../../src/deps.ts'
import { verifyOwnLog } from '../../src/log/verify-own-log.ts'
import { appendRecord } from '../../src/publish.ts'
import { input } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'

/** Changes stored rows as a failing disk or an intruder with the database’s password would: past every trigger. */
async function damage({ pool }: Deps, sql: string): Promise<void> {
  const client = await pool.connect()
  await client.query(`begin; set local session_replication_role = replica; ${sql}; commit`)
  client.release()
}

async function logOf(t: Test, entries: number): Promise<Deps> {
  const { deps } = await openInstitute(t)
  await Promise.all(Array.from({ length: entries - 1 }, () => appendRecord(deps, input(), call())))
  await deps.writer.seal()
  return deps
}

t.test('the self-check of our log', async (t) => {
  await t.test('finds nothing in a log that is as it was written', async (t) => {
    t.match(await verifyOwnLog(await logOf(t, 300)), { ok: true, size: 300, problems: [] })
  })

  const damages: [what: string, sql: string, code: string][] = [
    [
      'a statement',
      'update entry set statement = set_byte(statement, octet_length(statement) - 5, 65) where position = 7',
      'LEAF_MISMATCH',
    ],
    ['a statement cut short', `update entry set statement = 'x' where position = 7`, 'STATEMENT_MALFORMED'],
    ['a body', 'update entry set body = set_byte(body, 30, 65) where position = 7', 'BODY_MISMATCH'],
    ['a leaf', 'update entry set leaf_hash = sha256(leaf_hash) where position = 7', 'LEAF_MISMATCH'],
    ['a record id', 'update entry set record_id = sha256(record_id) where position = 7', 'RECORD_ID_MISMATCH'],
    ['a missing entry', 'delete from entry where position = 7', 'ENTRY_MISSING'],
    ['a stored subtree', 'update subtree set hash = sha256(hash)', 'SUBTREE_MISMATCH'],
    ['an early root', 'update checkpoint set root = sha256(root) where size = 1', 'ROOT_MISMATCH'],
  ]
  const deps = await logOf(t, 260)
  for (const [what, sql, code] of damages) {
    await t.test(`finds ${what}, when it was damaged`, async (t) => {
      const copy = await deps.pool.connect()
      await copy.query('create table if not exists kept as select * from entry where position = 7')
      copy.release()
      await damage(deps, sql)
      const check = await verifyOwnLog(deps)
      t.equal(check.ok, false)
      t.ok(check.problems.some((problem) => problem.code === code))
      await damage(deps, 'delete from entry where position = 7; insert into entry select * from kept')
    })
  }
})
