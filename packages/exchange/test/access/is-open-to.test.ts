import { randomBytes, randomUUID } from 'node:crypto'
import type { Marking, Tlp } from '@concordance/protocol'
import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import { asViewer } from '../../src/access/as-viewer.ts'
import { isOpenTo, ownIsOpenTo } from '../../src/access/is-open-to.ts'
import { type GroupSnapshot, type Guarded, mayOpen, type Viewer } from '../../src/access/may-open.ts'
import { listRecords } from '../../src/records.ts'
import { openInstitute, start } from '../support/institute.ts'

const issuers = ['https://b.institute.example', 'https://c.institute.example']
const circles = [
  { iss: 'https://a.institute.example', finding: randomUUID() },
  { iss: 'https://b.institute.example', finding: randomUUID() },
]
const labels: Tlp[] = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED', 'ULTRAVIOLET' as Tlp]
const moments = fc.integer({ min: start - 2, max: start + 2 })

const viewer: fc.Arbitrary<Viewer> = fc.oneof(
  fc.constant({ kind: 'public' } as const),
  fc.record({
    kind: fc.constant('peer' as const),
    iss: fc.constantFrom(...issuers),
    ceiling: fc.constantFrom('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT'),
    for: fc.constantFrom(undefined, 'researcher'),
    isLive: fc.constantFrom(undefined, true),
  }) as fc.Arbitrary<Viewer>,
  fc.record({ kind: fc.constant('person' as const), subject: fc.constantFrom('ada', 'bo'), staff: fc.boolean() }),
)

const snapshot: fc.Arbitrary<GroupSnapshot | undefined> = fc.option(
  fc.record({
    validUntil: moments,
    members: fc.uniqueArray(fc.record({ iss: fc.constantFrom(...issuers), historyFrom: moments }), {
      selector: ({ iss }) => iss,
    }),
  }),
  { nil: undefined },
)

const chosen = fc.record({
  isOwn: fc.boolean(),
  type: fc.constantFrom('observation', 'observation', 'group', 'marking', 'withdrawal'),
  tlp: fc.constantFrom(...labels),
  circle: fc.option(fc.constantFrom(0, 1), { nil: undefined }),
  embargoUntil: fc.option(moments, { nil: undefined }),
  iat: moments,
  isTakenBack: fc.boolean(),
  isRevoked: fc.boolean(),
  readers: fc.option(fc.subarray([...issuers, 'ada']), { nil: undefined }),
  /** Index of an earlier row that this one is about. */
  about: fc.option(fc.nat({ max: 9 }), { nil: undefined }),
  sentTo: fc.subarray(issuers),
})
type Chosen = typeof chosen extends fc.Arbitrary<infer Value> ? Value : never

t.test('the rule, its SQL twin and the second wall agree on every record, viewer and moment', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const { db } = deps
  await db
    .insertInto('log')
    .values({ origin: 'b/log/1', iss: issuers[0] ?? '', size: 1e6, staged_size: 1e6, state_reason: null })
    .execute()
  await db.updateTable('log').set({ size: 1e6, staged_size: 1e6 }).where('is_own', '=', true).execute()
  const logs = await db.selectFrom('log').select(['id', 'is_own']).execute()
  const logOf = (isOwn: boolean) => logs.find(({ is_own }) => is_own === isOwn)?.id ?? 0
  let position = 1_000

  const property = fc.asyncProperty(
    fc.array(chosen, { minLength: 1, maxLength: 12 }),
    fc.tuple(snapshot, snapshot),
    fc.array(viewer, { minLength: 1, maxLength: 4 }),
    moments,
    async (choices, snapshots, viewers, moment) => {
      clock.seconds = moment
      const rows = choices.map((choice) => ({ ...choice, position: ++position, recordId: randomBytes(32) }))
      await db.deleteFrom('record').execute()
      await storeGroups(snapshots)
      for (const [i, row] of rows.entries()) await store(row, aboutOf(rows, i)?.position ?? null)
      for (const viewer of viewers) {
        const guarded = rows.map((row, i) => ({ row, guarded: guardedOf(row, snapshots, viewer, aboutOf(rows, i)) }))
        const expected = guarded.flatMap(({ row, guarded }) => {
          const openness = mayOpen(viewer, guarded, moment)
          return openness === 'hash' ? [] : [`${row.recordId.toString('base64url')} ${openness}`]
        })
        const { items } = await listRecords(deps, viewer, { filters: {}, limit: 200 })
        const seen = items.map(({ recordId, state }) => `${recordId} ${state}`)
        t.strictSame(seen.sort(), expected.sort(), JSON.stringify(viewer))
        const counts = await Promise.all([
          db
            .selectFrom('record')
            .innerJoin('log', 'log.id', 'record.log')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .where(isOpenTo(viewer, moment))
            .executeTakeFirstOrThrow(),
          db
            .selectFrom('own_record')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .where('position', '>', rows[0] ? rows[0].position - 1 : 0)
            .where(ownIsOpenTo(viewer, moment))
            .executeTakeFirstOrThrow(),
        ])
        t.equal(counts[0].count, expected.length)
        t.equal(
          counts[1].count,
          guarded.filter(({ guarded }) => guarded.isOwn && mayOpen(viewer, guarded, moment) !== 'hash').length,
        )
        const wall = await showAll(viewer, (rows[0]?.position ?? 0) - 1)
        const own = guarded.filter(({ guarded }) => guarded.isOwn).map(({ row }) => row.recordId.toString('base64url'))
        const ownExpected = expected.filter((line) => own.includes(line.split(' ')[0] ?? ''))
        t.strictSame(wall.record, expected.map((line) => line.split(' ')[0]).sort(), JSON.stringify(viewer))
        t.strictSame(wall.opening, expected, JSON.stringify(viewer))
        t.strictSame(wall.own_record, ownExpected.map((line) => line.split(' ')[0]).sort(), JSON.stringify(viewer))
        t.strictSame(wall.own_line, ownExpected, JSON.stringify(viewer))
      }
    },
  )
  await fc.assert(property, { numRuns: 40, seed: 11 })

  /** What queries without any rule are shown; the bodies of all entries are equal. */
  async function showAll(viewer: Viewer, after: number) {
    return asViewer(deps, viewer, async (db) => {
      const listIds = async (table: 'record' | 'own_record') => {
        const found = await db.selectFrom(table).select('record_id').where('position', '>', after).execute()
        return found.map(({ record_id }) => record_id.toString('base64url')).sort()
      }
      const listStates = async (view: string) => {
        const { rows } = await sql<{ statement: Buffer; body: Buffer | null }>`
          select statement, body from ${sql.table(view)} where position > ${after} and statement is not null`.execute(
          db,
        )
        return rows.map(({ statement, body }) => `${statement} ${body ? 'open' : 'statement'}`).sort()
      }
      return {
        record: await listIds('record'),
        own_record: await listIds('own_record'),
        opening: await listStates('opening'),
        own_line: await listStates('own_line'),
      }
    })
  }

  type Row = Chosen & { position: number; recordId: Buffer }

  /** What a marking record or a withdrawal is about: content of the same log. */
  function aboutOf(rows: readonly Row[], i: number): Row | undefined {
    const { about, type, isOwn } = rows[i] as Row
    const target = about === undefined ? undefined : rows.slice(0, i)[about]
    return (type === 'marking' || type === 'withdrawal') && target?.type === 'observation' && target.isOwn && isOwn
      ? target
      : undefined
  }

  function markOf({ tlp, circle, embargoUntil }: Row): Marking {
    const group = circle === undefined ? undefined : circles[circle]
    return { tlp, relay: 'none', ...(group && { group }), ...(embargoUntil !== undefined && { embargoUntil }) }
  }

  function guardedOf(row: Row, snapshots: (GroupSnapshot | undefined)[], viewer: Viewer, about?: Row): Guarded {
    const { isOwn, type, iat, isTakenBack, isRevoked, readers, circle } = row
    return {
      isOwn,
      type,
      mark: markOf(row),
      iat,
      isTakenBack,
      isRevoked: isRevoked && !isOwn,
      readers,
      group: circle === undefined ? undefined : snapshots[circle],
      ...(about && { target: guardedOf(about, snapshots, viewer) }),
      wasSent: viewer.kind === 'peer' && (about?.sentTo.includes(viewer.iss) ?? false),
    }
  }

  async function storeGroups(snapshots: (GroupSnapshot | undefined)[]): Promise<void> {
    await db.deleteFrom('group_snapshot').execute()
    await db.deleteFrom('group_member').execute()
    for (const [i, circle] of circles.entries()) {
      const snapshot = snapshots[i]
      if (!snapshot) continue
      const place = { log: 1, position: 0, version: 1, valid_until: snapshot.validUntil }
      await db
        .insertInto('group_snapshot')
        .values({ ...circle, ...place })
        .execute()
      for (const { iss: member, historyFrom: history_from } of snapshot.members) {
        await db
          .insertInto('group_member')
          .values({ ...circle, member, role: 'member', history_from })
          .execute()
      }
    }
  }

  async function store(row: Row, target: number | null): Promise<void> {
    const { position, recordId, type, iat, tlp, embargoUntil, circle, readers = null } = row
    const log = logOf(row.isOwn)
    const group = circle === undefined ? undefined : circles[circle]
    const columns = {
      position,
      record_id: recordId,
      type,
      finding: randomUUID(),
      version: 1,
      iat,
      tlp,
      embargo_until: embargoUntil ?? null,
      group_iss: group?.iss ?? null,
      group_finding: group?.finding ?? null,
      target,
      readers,
    }
    const shown = { iss: 'https://x.example', lang: 'en', mark: JSON.stringify(markOf(row)), has_body: true }
    await db
      .insertInto('record')
      .values({ ...columns, log, ...shown })
      .execute()
    if (row.isOwn)
      await db
        .insertInto('own_record')
        .values({ ...columns, actor: 'ada', at: new Date() })
        .execute()
    const statement = Buffer.from(recordId.toString('base64url'))
    await db
      .insertInto('entry')
      .values({ log, position, leaf_hash: recordId, record_id: recordId, statement, body: Buffer.from('{}') })
      .execute()
    if (row.isTakenBack) {
      await db.insertInto('withdrawn').values({ log, record_id: recordId, position: 0, effect: 'withdrawn' }).execute()
    }
    if (row.isRevoked && !row.isOwn) await db.insertInto('revoked').values({ log, position, seq: 0 }).execute()
    const delivery = { from_position: position - 1, to_position: position + 1, opened: [1], access_at: 0 }
    for (const peer of row.sentTo) {
      await db
        .insertInto('delivery')
        .values({ ...delivery, peer, sent_at: new Date() })
        .execute()
    }
  }
})
