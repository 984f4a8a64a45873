import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyCheckpoint } from '@concordance/log'
import { encodeBase64url, type GateContext, gateEntries, verifyCoverage } from '@concordance/protocol'
import t, { type Test } from 'tap'
import type { Deps } from '../../src/deps.ts'
import { publishKeyset } from '../../src/keys/publish-keyset.ts'
import { getSealedCheckpoint } from '../../src/log/checkpoints.ts'
import { confirmLog } from '../../src/log/confirm.ts'
import { readPage } from '../../src/log/entries.ts'
import { proveInclusion } from '../../src/log/proof.ts'
import { verifyOwnLog } from '../../src/log/verify-own-log.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { appendRecord } from '../../src/publish.ts'
import { getRecord } from '../../src/records.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { input, marks } from '../support/content.ts'
import { call, openInstitute, start } from '../support/institute.ts'
import { rotateRecordKey } from '../support/rotate-record-key.ts'

const peer = { iss: 'https://b.institute.example', baseUrl: 'https://b.example', pin: 'A'.repeat(43) }
const every = 600
const leaves = 8
const sealing = { every, leaves }
/** The first tick after the start, in seconds since the epoch. */
const first = (Math.floor(start / every) + 1) * every

function open(t: Test) {
  return openInstitute(t, { peers: [peer], sealing })
}

async function tick(deps: Deps) {
  await deps.writer.closeIntervals()
  await deps.writer.seal()
}

async function newest(deps: Deps) {
  return verifyCheckpoint((await getSealedCheckpoint(deps)).checkpoint, deps.identity.keyset())
}

const publish = (deps: Deps, mark: Parameters<typeof input>[0] = {}) => appendRecord(deps, input(mark), call())

t.test('a log that is sealed by interval', async (t) => {
  const { deps, clock } = await open(t)
  const everybody = { kind: 'person', subject: 'ada', staff: true } as const
  const receipt = await publish(deps)
  const closed = await publish(deps, { mark: marks.red })

  await t.test('acknowledges a record at once, with its position and the time at which others see it', async (t) => {
    t.equal(receipt.sealsAt, first)
    t.ok(receipt.position >= 1 && receipt.position <= leaves, `position ${receipt.position}`)
    const stored = await deps.db.selectFrom('entry').select('body').where('position', '=', receipt.position).execute()
    t.equal(stored.length, 1)
  })

  await t.test('shows nothing of it before its tick', async (t) => {
    clock.seconds = first - 1
    await tick(deps)
    t.match(await newest(deps), { size: 1, iat: start })
    t.same((await readPage(deps, peer, { from: 0, limit: 100 })).entries.length, 1)
    await projectAll(deps)
    await t.rejects(getRecord(deps, everybody, receipt.recordId), { code: 'not-found' })
    await t.rejects(proveInclusion(deps, everybody, { position: receipt.position }), { code: 'not-found' })
  })

  await t.test('grows at its tick by the leaves of an interval, and says the time of the tick', async (t) => {
    clock.seconds = first + 17
    await tick(deps)
    t.match(await newest(deps), { size: 1 + leaves, iat: first })
    t.match(await getRecord(deps, everybody, receipt.recordId), { position: receipt.position })
  })

  await t.test('grows as much at the tick of an idle interval', async (t) => {
    clock.seconds = first + every
    await tick(deps)
    t.match(await newest(deps), { size: 1 + 2 * leaves, iat: first + every })
  })

  await t.test('shows a cover leaf to a peer as it shows a closed record', async (t) => {
    const page = await readPage(deps, peer, { from: 1, limit: 2 * leaves })
    const red = page.entries.find(({ position }) => position === closed.position)
    t.same(
      page.entries.map(({ state }) => state),
      page.entries.map(({ position }) => (position === receipt.position ? 'open' : 'hash')),
    )
    for (const entry of page.entries) {
      if (entry.state === 'hash') t.same(Object.keys(entry), Object.keys(red ?? {}))
    }
    t.match(verifyCoverage(page.trailer.coverage, deps.identity.keyset()), { from: 1, to: 1 + 2 * leaves })
    t.same(page.common, [receipt.position])
  })

  await t.test('proves the place of every leaf, and verifies as a whole', async (t) => {
    const check = await verifyOwnLog(deps)
    t.match(check, { ok: true, size: 1 + 2 * leaves, problems: [] })
    for (const position of [0, receipt.position, 2 * leaves]) {
      t.match(await proveInclusion(deps, everybody, { position }), { position, root: check.root })
    }
  })

  await t.test('makes up for the ticks it missed, so that its size follows from the time alone', async (t) => {
    const missed = await publish(deps)
    clock.seconds = first + 5 * every + 3
    await tick(deps)
    t.match(await newest(deps), { size: 1 + 6 * leaves, iat: first + 5 * every })
    t.ok(missed.position < 1 + 3 * leaves)
    t.match(await verifyOwnLog(deps), { ok: true })
  })

  await t.test('is not signed between two ticks, however old its signature is', async (t) => {
    t.equal(await deps.writer.seal({ freshenAfterSeconds: 0 }), undefined)
  })

  await t.test('never has a tick twice, not even when the clock is set back', async (t) => {
    clock.seconds = first
    await tick(deps)
    t.match(await newest(deps), { size: 1 + 6 * leaves })
  })
})

t.test('an interval', async (t) => {
  const { deps, clock } = await open(t)

  await t.test('takes as many records as it has leaves, and says to the next one when there is room', async (t) => {
    const receipts = await Promise.all(Array.from({ length: leaves }, () => publish(deps)))
    t.same(
      receipts.map(({ position }) => position).sort((a, b) => a - b),
      Array.from({ length: leaves }, (_, index) => 1 + index),
    )
    await t.rejects(publish(deps), { code: 'unavailable', retryAfterSeconds: first - start })
    clock.seconds = first
    await tick(deps)
    t.match(await newest(deps), { size: 1 + leaves })
    t.match(await publish(deps), { sealsAt: first + every })
  })

  await t.test('gives the first receipt again for the same key, also when it is full', async (t) => {
    const repeated = call()
    const [one, two] = [input(), input()]
    const receipt = await appendRecord(deps, one, repeated)
    await Promise.all(Array.from({ length: leaves - 2 }, () => publish(deps)))
    await t.rejects(publish(deps), { code: 'unavailable' })
    t.same(await appendRecord(deps, one, repeated), receipt)
    t.same(one, two)
  })

  await t.test('takes part of a batch, in order: nothing stands in the log without what it follows from', async (t) => {
    clock.seconds += every
    await tick(deps)
    const outcomes = await Promise.allSettled(Array.from({ length: leaves + 5 }, () => publish(deps)))
    const refused = outcomes.map(({ status }) => status === 'rejected')
    t.same(refused, [...Array(leaves).fill(false), ...Array(5).fill(true)])
  })

  await t.test('puts what follows from another record behind it', async (t) => {
    for (let round = 0; round < 12; round++) {
      clock.seconds += every
      await tick(deps)
      const receipt = await publish(deps)
      const next = withdrawFinding(deps, receipt.finding, { reason: 'error' }, call())
      // No room behind it: then it waits for the next interval.
      const after = await next.catch(() => undefined)
      if (after) t.ok(after.position > receipt.position)
      else t.equal(receipt.position, (await newest(deps)).size + leaves - 1)
    }
  })
})

t.test('a keyset that is appended within an interval', async (t) => {
  const { deps, clock, dataDir, iss, pin } = await open(t)
  const before = await publish(deps)
  const { keyset, jwk } = await rotateRecordKey(deps, dataDir, { lastGood: 100 })
  const append = () => publishKeyset(deps, keyset, 'operator')
  const nextInterval = async () => {
    clock.seconds += every
    await tick(deps)
    return append()
  }
  const { position } = await append().catch(nextInterval)
  await writeFile(join(dataDir, 'keys', 'record.jwk'), JSON.stringify(jwk))

  await t.test('stands behind what was appended before it and in front of what comes after', async (t) => {
    t.ok(before.position < position)
    for (;;) {
      const after = await publish(deps).catch(() => undefined)
      if (!after) break
      t.ok(after.position > position)
    }
  })

  await t.test('leaves a log that passes the gate of whoever pins the root key', async (t) => {
    clock.seconds += every
    await tick(deps)
    const page = await readPage(deps, peer, { from: 0, limit: 100 })
    const context: GateContext = { iss, origin: deps.identity.origin, pin, keyset: undefined }
    const gated = await gateEntries(context, page.entries, 0)
    t.equal(gated.filter(({ quarantine }) => quarantine).length, 0)
    t.match(await verifyOwnLog(deps), { ok: true })
  })
})

t.test('two processes on one database share an interval', async (t) => {
  const institute = await open(t)
  const both = [institute.deps, (await institute.open()).deps]
  const outcomes = await Promise.allSettled(both.flatMap((deps) => Array.from({ length: leaves }, () => publish(deps))))
  const places = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.position] : []))
  t.same(
    places.sort((a, b) => a - b),
    Array.from({ length: leaves }, (_, index) => 1 + index),
  )
  institute.clock.seconds = first
  await Promise.all(both.map(tick))
  t.match(await newest(institute.deps), { size: 1 + leaves, iat: first })
  t.match(await verifyOwnLog(institute.deps), { ok: true })
})

t.test('where a record stands in its interval says nothing about what else is in it', async (t) => {
  const { deps, clock } = await open(t)
  const places = new Set<number>()
  for (let round = 0; round < 40; round++) {
    const { position } = await publish(deps)
    places.add((position - 1) % leaves)
    clock.seconds += every
    await tick(deps)
  }
  t.ok(places.size > leaves / 2, `a record alone stood at ${places.size} of ${leaves} places`)
})

t.test('a node that starts again', async (t) => {
  const institute = await open(t)
  const receipt = await publish(institute.deps)
  await institute.stop()
  institute.clock.seconds = first + every

  await t.test('goes on with the ticks as if it had not been away', async (t) => {
    const { deps, stop } = await institute.open()
    await tick(deps)
    t.match(await newest(deps), { size: 1 + 2 * leaves, iat: first + every })
    t.match(await verifyOwnLog(deps), { ok: true })
    await stop()
  })

  await t.test('ends an interval that holds records when another one is configured', async (t) => {
    const before = await institute.open()
    const waiting = await publish(before.deps)
    await before.stop()
    const { deps, stop } = await institute.open(undefined, { sealing: { every: 900, leaves: 3 } })
    t.match(await newest(deps), { size: 1 + 3 * leaves })
    t.ok(waiting.position < 1 + 3 * leaves)
    institute.clock.seconds += 900
    await tick(deps)
    t.match(await newest(deps), { size: 1 + 3 * leaves + 3 })
    await stop()
  })

  await t.test('seals every batch at once when no interval is configured any more', async (t) => {
    const { deps } = await institute.open(undefined, { sealing: 'immediate' })
    const at = (await newest(deps)).size
    const next = await publish(deps)
    await deps.writer.seal()
    t.match(next, { position: at, sealsAt: undefined })
    t.match(await newest(deps), { size: at + 1 })
    t.match(await verifyOwnLog(deps), { ok: true })
    t.not(next.recordId, receipt.recordId)
    const { rows } = await deps.pool.query(`select detail from audit where act = 'log.sealing' order by id`)
    t.same(
      rows.map(({ detail }) => detail.every),
      [every, 900, null],
    )
  })
})

t.test('a log that nobody has confirmed stands still', async (t) => {
  const { deps, clock } = await open(t)
  await deps.pool.query(`update log set state = 'unconfirmed', state_reason = 'missing'`)
  clock.seconds = first + every
  await t.rejects(deps.writer.closeIntervals(), { code: 'log-unconfirmed' })
  t.match(await newest(deps), { size: 1 })
  await confirmLog(deps, { size: 1, reason: 'a test', actor: 'ada' })
  await tick(deps)
  t.match(await newest(deps), { size: 1 + 2 * leaves })
})

t.test('a cover leaf is as fixed as a record', async (t) => {
  const { deps, clock } = await open(t)
  clock.seconds = first
  await deps.writer.closeIntervals()
  const covers = await deps.db.selectFrom('entry').select('cover').where('cover', 'is not', null).execute()
  t.equal(
    new Set(covers.map(({ cover }) => encodeBase64url(cover as Buffer))).size,
    leaves,
    'each has bytes of its own',
  )

  await t.test('against whoever changes it by way of the database', async (t) => {
    await t.rejects(deps.pool.query(`update entry set cover = sha256('x') where position = 3`), { code: '23000' })
    await t.rejects(deps.pool.query('update entry set cover = null where position = 3'), { code: '23000' })
  })

  await t.test('and a changed byte of it stops the seal, and is found', async (t) => {
    const client = await deps.pool.connect()
    const change = async (sql: string) => {
      await client.query(`begin; set local session_replication_role = replica; ${sql}; commit`)
    }
    await change('update entry set cover = set_byte(cover, 5, get_byte(cover, 5) # 1) where position = 3')
    await t.rejects(deps.writer.seal(), { code: 'log-corrupt' })
    await change('update entry set cover = set_byte(cover, 5, get_byte(cover, 5) # 1) where position = 3')
    await deps.writer.seal()
    t.match(await verifyOwnLog(deps), { ok: true })
    await change('update entry set cover = set_byte(cover, 5, get_byte(cover, 5) # 1) where position = 3')
    t.match(await verifyOwnLog(deps), { ok: false, problems: [{ code: 'LEAF_MISMATCH', position: 3 }] })
    await change('update entry set cover = null where position = 3')
    t.match(await verifyOwnLog(deps), { ok: false, problems: [{ code: 'STATEMENT_MISSING', position: 3 }] })
    client.release()
  })
})
