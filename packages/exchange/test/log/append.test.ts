import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyCheckpoint } from '@concordance/log'
import { encodeBase64url, parseStatementUnsafe, recordIdOf, verifyBody } from '@concordance/protocol'
import pg from 'pg'
import t from 'tap'
import { composeRecord } from '../../src/compose-record.ts'
import { uuidv7 } from '../../src/keys/uuid.ts'
import { getSealedCheckpoint } from '../../src/log/checkpoints.ts'
import { verifyOwnLog } from '../../src/log/verify-own-log.ts'
import { appendRecord } from '../../src/publish.ts'
import { input, observation } from '../support/content.ts'
import { call, type Institute, openInstitute } from '../support/institute.ts'

t.test('a new log', async (t) => {
  const { deps } = await openInstitute(t)

  await t.test('begins with the keyset at position 0, signed by a key of that keyset', async (t) => {
    const entry = await deps.db.selectFrom('entry').selectAll().where('position', '=', 0).executeTakeFirstOrThrow()
    const { statement, kid } = parseStatementUnsafe(entry.statement?.toString() ?? '')
    t.equal(statement.type, 'keyset')
    t.equal(statement.mark.tlp, 'CLEAR')
    t.ok(deps.identity.keyset().findKey(kid, 'record', 0))
  })

  await t.test('is sealed at once: size 1, under the log key', async (t) => {
    const { checkpoint, note } = await getSealedCheckpoint(deps)
    t.equal(verifyCheckpoint(checkpoint, deps.identity.keyset()).size, 1)
    t.ok(note?.startsWith(`${deps.identity.origin}\n1\n`))
  })
})

t.test('publishing', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const stored = (position: number) =>
    deps.db.selectFrom('entry').selectAll().where('position', '=', position).executeTakeFirstOrThrow()

  await t.test('stores the exact bytes whose hashes the receipt names', async (t) => {
    const receipt = await appendRecord(deps, input(), call())
    const { statement: bytes, body, leaf_hash, record_id } = await stored(receipt.position)
    const compact = bytes?.toString() ?? ''
    t.equal(recordIdOf(compact), receipt.recordId)
    t.equal(encodeBase64url(record_id ?? Buffer.of()), receipt.recordId)
    const leafInput = Buffer.concat([Buffer.of(0, 1), Buffer.from(receipt.recordId, 'base64url')])
    t.ok(createHash('sha256').update(leafInput).digest().equals(leaf_hash))
    const { statement } = parseStatementUnsafe(compact)
    t.match(verifyBody(statement, body?.toString() ?? ''), observation())
    t.match(receipt, { iss, finding: statement.finding, version: 1, origin: statement.log })
  })

  await t.test('gives concurrent publishers consecutive positions, each exactly once', async (t) => {
    const before = (await deps.db.selectFrom('log').select('size').executeTakeFirstOrThrow()).size
    const receipts = await Promise.all(Array.from({ length: 700 }, () => appendRecord(deps, input(), call())))
    const positions = receipts.map(({ position }) => position).sort((a, b) => a - b)
    t.same(
      positions,
      Array.from({ length: 700 }, (_, index) => before + index),
    )
    t.equal(new Set(receipts.map(({ recordId }) => recordId)).size, 700)
  })

  await t.test('seals what was appended, with stored subtrees and roots that recomputing confirms', async (t) => {
    await deps.writer.seal()
    const { checkpoint } = await getSealedCheckpoint(deps)
    const { size, root } = verifyCheckpoint(checkpoint, deps.identity.keyset())
    t.match(await verifyOwnLog(deps), { ok: true, size, root, problems: [] })
    t.equal((await deps.db.selectFrom('subtree').selectAll().execute()).length, Math.floor(size / 256))
  })

  await t.test('writes who did it into the audit trail', async (t) => {
    const { position } = await appendRecord(deps, input(), call('grace'))
    const { rows } = await deps.pool.query('select * from audit_trail where target = $1', [`${position}`])
    t.match(rows, [{ actor: 'grace', act: 'publish', detail: { type: 'observation', version: 1 } }])
  })
})

t.test('repeating a publication', async (t) => {
  const { deps } = await openInstitute(t)
  const size = async () => (await deps.db.selectFrom('log').select('size').executeTakeFirstOrThrow()).size

  await t.test('under the same key returns the first receipt and appends nothing', async (t) => {
    const again = call()
    const first = await appendRecord(deps, input(), again)
    const before = await size()
    t.same(await appendRecord(deps, input(), again), first)
    t.equal(await size(), before)
  })

  await t.test('many times at once appends one record', async (t) => {
    const before = await size()
    const once = call()
    const receipts = await Promise.all(Array.from({ length: 20 }, () => appendRecord(deps, input(), once)))
    t.equal(new Set(receipts.map(({ recordId }) => recordId)).size, 1)
    t.equal(await size(), before + 1)
  })

  await t.test(
    'under the same key with other content is refused, and another person’s key is another key',
    async (t) => {
      const taken = call()
      await appendRecord(deps, input(), taken)
      const other = input({ content: observation('Something else.') })
      await t.rejects(appendRecord(deps, other, taken), { code: 'idempotency-mismatch' })
      await t.resolves(appendRecord(deps, other, { ...taken, actor: 'grace' }))
    },
  )
})

t.test('one refused record fails none of its neighbours in a batch', async (t) => {
  const { deps } = await openInstitute(t)
  const first = await appendRecord(deps, input(), call())
  const next = () => appendRecord(deps, input({ finding: first.finding, version: 2 }), call())
  const results = await Promise.allSettled([
    ...Array.from({ length: 5 }, () => appendRecord(deps, input(), call())),
    next(),
    next(),
    appendRecord(deps, input({ finding: first.finding, version: 9 }), call()),
    ...Array.from({ length: 5 }, () => appendRecord(deps, input(), call())),
  ])
  const refused = results.filter((result) => result.status === 'rejected')
  t.equal(results.length - refused.length, 11, 'ten neighbours and one of the two second versions')
  for (const { reason } of refused) t.equal(reason.code, 'version-conflict')
})

t.test('new records', async (t) => {
  const institute = await openInstitute(t)
  const { deps } = institute
  const once = call()
  const first = await appendRecord(deps, input(), once)
  const among = (some: Promise<unknown>) =>
    Promise.allSettled([
      ...Array.from({ length: 4 }, () => appendRecord(deps, input(), call())),
      some,
      ...Array.from({ length: 4 }, () => appendRecord(deps, input(), call())),
    ])

  await t.test('are appended once beside one that was appended before, which gets its first receipt', async (t) => {
    const results = await among(appendRecord(deps, input(), once))
    const receipts = results.map((result) =>
      result.status === 'fulfilled' ? (result.value as typeof first) : undefined,
    )
    t.same(receipts[4], first)
    t.equal(new Set(receipts.map((receipt) => receipt?.position)).size, 9)
    await deps.writer.seal()
    t.match(await verifyOwnLog(deps), { ok: true, size: 2 + 8 })
  })

  await t.test('are appended beside a second first version of a finding, which is refused', async (t) => {
    const results = await among(appendRecord(deps, input({ finding: first.finding }), call()))
    t.match(results[4], { status: 'rejected', reason: { code: 'version-conflict' } })
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 8)
  })

  await t.test('are named to the guard, and a repetition is not', async (t) => {
    const { intend } = deps.guard
    Object.assign(deps.guard, { intend: () => Promise.reject(new Error('the guard cannot be written')) })
    t.same(await appendRecord(deps, input(), once), first)
    await t.rejects(appendRecord(deps, input(), call()), { message: 'the guard cannot be written' })
    Object.assign(deps.guard, { intend })
  })

  await t.test('leave the guard and the database of one mind, so that the node goes on after a start', async (t) => {
    await among(appendRecord(deps, input(), once))
    await institute.stop()
    const { deps: again } = await institute.open()
    await t.resolves(appendRecord(again, input(), call()))
    t.match(await verifyOwnLog(again), { ok: true, problems: [] })
  })
})

for (const [what, sealing] of [
  ['at once', undefined],
  ['by interval', { every: 60, leaves: 8 }],
] as const) {
  t.test(`a statement that cannot be sent takes the whole batch with it, in a log sealed ${what}`, async (t) => {
    const { deps } = await openInstitute(t, { ...(sealing && { sealing }) })
    const record = await composeRecord(deps, { ...input(), finding: uuidv7(deps), version: 1 })
    const commitment = {
      toPostgres() {
        throw new Error('has no text')
      },
    } as never
    const subjectSecret = { commitment, subject: { name: 'a', version: '1' }, salt: 'c2FsdA' }
    await t.rejects(deps.writer.append({ ...record, actor: 'ada', subjectSecret }), { message: 'has no text' })
    t.equal((await deps.db.selectFrom('own_record').selectAll().execute()).length, 1, 'the keyset alone')
    await t.resolves(deps.writer.append({ ...record, actor: 'ada' }), 'without it the same record is appended')
  })
}

t.test('two processes on one database', async (t) => {
  const institute = await openInstitute(t)
  const second = await institute.open()
  const both = [institute.deps, second.deps]

  await t.test('append one gapless log and sign it without a contradiction', async (t) => {
    const receipts = await Promise.all(
      Array.from({ length: 200 }, (_, index) => appendRecord(both[index % 2] ?? second.deps, input(), call())),
    )
    t.equal(new Set(receipts.map(({ position }) => position)).size, 200)
    for (const deps of both) await deps.writer.seal()
    t.match(await verifyOwnLog(second.deps), { ok: true, size: 201 })
  })

  await t.test('give one receipt for one key, whichever is asked', async (t) => {
    const once = call()
    const receipts = await Promise.all(both.map((deps) => appendRecord(deps, input(), once)))
    t.same(receipts[0], receipts[1])
  })
})

const publishing = async ({ deps }: Institute) => void (await appendRecord(deps, input(), call()))
const closing = async ({ deps, clock }: Institute) => {
  clock.seconds += 60
  await deps.writer.closeIntervals()
}
for (const { what, act, table, sealing } of [
  { what: 'a batch', act: publishing, table: 'idempotency' },
  { what: 'an interval', act: closing, table: 'entry', sealing: { every: 60, leaves: 8 } },
]) {
  t.test(`a slow write of the guard for ${what} whose connection broke never comes behind the next`, async (t) => {
    const institute = await openInstitute(t, { ...(sealing && { sealing }) })
    const { deps, url } = institute
    const admin = new pg.Client(url)
    await admin.connect()
    t.teardown(() => admin.end())
    const { intend } = deps.guard
    const late: typeof intend = async (...heads) => {
      await sleep(150)
      await intend(...heads)
    }
    Object.assign(deps.guard, { intend: late })
    await admin.query('begin')
    await admin.query(`lock table ${table} in share mode`) // what is written waits, what is read does not
    const first = t.rejects(act(institute), 'its connection broke')
    const endWriting = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    while ((await admin.query(endWriting)).rowCount === 0) await sleep(5)
    Object.assign(deps.guard, { intend })
    await admin.query('rollback')
    await t.resolves(act(institute))
    await first
    await sleep(200)
    await t.resolves(act(institute), 'the log is confirmed')
  })
}

t.test('a node that is stopping', async (t) => {
  const institute = await openInstitute(t)
  const publishing = Array.from({ length: 50 }, () => appendRecord(institute.deps, input(), call()))
  await Promise.resolve()
  const settled = Promise.allSettled(publishing)
  await institute.stop()

  await t.test('finishes and seals what was accepted, and refuses the rest with a reason', async (t) => {
    const results = await settled
    const accepted = results.filter((result) => result.status === 'fulfilled').length
    for (const result of results) if (result.status === 'rejected') t.equal(result.reason.code, 'unavailable')
    const { deps } = await institute.open()
    t.equal((await getSealedCheckpoint(deps)).size, 1 + accepted)
  })
})
