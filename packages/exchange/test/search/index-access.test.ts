import { randomBytes, randomUUID } from 'node:crypto'
import type { RecordView, SearchFilters, Tlp } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import type { Viewer } from '../../src/access/may-open.ts'
import { listRecords } from '../../src/records.ts'
import { fillIndex } from '../../src/search/fill-index.ts'
import { searchLocal } from '../../src/search/search-local.ts'
import { observation } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'

const peers = ['https://b.institute.example', 'https://c.institute.example']
const circles = [
  { iss: 'https://a.institute.example', finding: randomUUID() },
  { iss: 'https://b.institute.example', finding: randomUUID() },
]
const labels: Tlp[] = ['CLEAR', 'CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED', 'ULTRAVIOLET' as Tlp]
const moments = fc.integer({ min: start - 2, max: start + 2 })
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

const viewer: fc.Arbitrary<Viewer> = fc.oneof(
  fc.constant({ kind: 'public' } as const),
  fc
    .record({
      iss: fc.constantFrom(...peers),
      ceiling: fc.constantFrom('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT'),
      isForResearchers: fc.boolean(),
    })
    .map(({ iss, ceiling, isForResearchers }): Viewer => {
      const peer = { kind: 'peer', iss, ceiling } as const
      return isForResearchers ? { ...peer, for: 'researcher' } : peer
    }),
  fc.record({ kind: fc.constant('person' as const), subject: fc.constantFrom('ada', 'bo'), staff: fc.boolean() }),
)

const mark = fc.record({
  tlp: fc.constantFrom(...labels),
  circle: maybe(fc.constantFrom(0, 1)),
  embargoUntil: maybe(moments),
})

/** A record, and what happens to it once it is in the index, if anything. */
const chosen = fc.record({
  isOwn: fc.boolean(),
  type: fc.constantFrom('observation', 'observation', 'observation', 'group', 'marking', 'withdrawal'),
  mark,
  iat: moments,
  readers: maybe(fc.subarray([...peers, 'ada'])),
  about: maybe(fc.nat({ max: 9 })),
  isSent: fc.boolean(),
  /** The earlier row whose next version this is. */
  after: maybe(fc.nat({ max: 9 })),
  comesLate: fc.boolean(),
  fate: fc.constantFrom(
    'none',
    'none',
    'revoked',
    'reopened',
    'withdrawn',
    'staged',
    'unstaged',
    'removed',
    'remarked',
  ),
  newMark: mark,
})
type Chosen = typeof chosen extends fc.Arbitrary<infer Value> ? Value : never
type Row = Chosen & { position: number; recordId: Buffer; finding: string; version: number; target: number | null }

const memberships = fc.array(
  fc.record({ circle: fc.constantFrom(0, 1), member: fc.constantFrom(...peers), from: moments, until: moments }),
  { maxLength: 4 },
)

/** Beyond what is verified of either log. */
const size = 1e6
const word = 'everywhere'

t.test('search finds, counts and judges what lists show, whatever happened to a record before and after', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const { db } = deps
  await db
    .insertInto('log')
    .values({ origin: 'b/log/1', iss: peers[0] ?? '', size, staged_size: size, state_reason: null })
    .execute()
  await db.updateTable('log').set({ size, staged_size: size }).where('is_own', '=', true).execute()
  const logs = await db.selectFrom('log').select(['id', 'is_own', 'iss']).execute()
  const logOf = (isOwn: boolean) => logs.find(({ is_own }) => is_own === isOwn)?.id ?? 0
  let position = 1_000

  const property = fc.asyncProperty(
    fc.array(chosen, { minLength: 1, maxLength: 10 }),
    memberships,
    fc.array(viewer, { minLength: 1, maxLength: 4 }),
    moments,
    async (choices, members, viewers, moment) => {
      clock.seconds = moment
      await db.deleteFrom('record').execute()
      await storeGroups(members)
      const rows: Row[] = []
      for (const choice of choices) rows.push(placeOf(choice, rows))
      for (const row of rows.filter(({ comesLate }) => !comesLate)) await store(row)
      await fill(rows)
      const late = rows.filter(({ comesLate }) => comesLate)
      for (const row of late) await store(row)
      for (const row of rows) await befall(row)
      for (const viewer of viewers) await compare(viewer, new Set(late.map(idOf)))
      await fill(rows)
      for (const viewer of viewers) await compare(viewer, new Set())
      await db.updateTable('projection').set({ indexed: 0 }).execute()
      await fill(rows)
      for (const viewer of viewers) await compare(viewer, new Set())
    },
  )
  await fc.assert(property, { numRuns: 20, seed: 4 })

  /** @param unread Records that the index has not read yet. */
  async function compare(viewer: Viewer, unread: ReadonlySet<string>): Promise<void> {
    const { items } = await listRecords(deps, viewer, { filters: {}, limit: 200 })
    const isRead = ({ recordId, status }: RecordView) => !unread.has(recordId) || status === 'withdrawn'
    await hold(viewer, {}, items.filter(isRead))
    const isFound = (item: RecordView) => item.type === 'observation' && item.state === 'open' && isRead(item)
    await hold(viewer, { q: word }, items.filter(isFound))
    await hold(
      viewer,
      { status: 'current' },
      items.filter((item) => isRead(item) && item.status === 'current'),
    )
    await hold(
      viewer,
      { tlp: 'GREEN', q: word },
      items.filter((item) => isFound(item) && item.mark.tlp === 'GREEN'),
    )
  }

  async function hold(viewer: Viewer, filters: SearchFilters, expected: readonly RecordView[]): Promise<void> {
    const hits: RecordView[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await searchLocal(deps, viewer, { filters, limit: 7, facets: true, ...(cursor && { cursor }) })
      hits.push(...page.hits)
      t.equal(page.matched, expected.length)
      for (const [name, of] of Object.entries(valuesOf)) {
        const counts = page.facets[name] ?? []
        const must = [...Map.groupBy(expected, of)].map(([value, records]) => ({ value, count: records.length }))
        t.same(counts.toSorted(byValue), must.sort(byValue), `${name} for ${JSON.stringify({ viewer, filters })}`)
      }
      cursor = page.next
      if (cursor === undefined) break
    }
    const lineOf = ({ recordId, status, state, mark }: RecordView) => `${recordId} ${status} ${state} ${mark.tlp}`
    t.same(hits.map(lineOf).sort(), expected.map(lineOf).sort(), JSON.stringify({ viewer, filters }))
  }

  function placeOf(choice: Chosen, earlier: readonly Row[]): Row {
    const before = choice.after === undefined ? undefined : earlier[choice.after]
    const about = choice.about === undefined ? undefined : earlier[choice.about]
    const isAbout = (choice.type === 'marking' || choice.type === 'withdrawal') && about?.type === 'observation'
    return {
      ...choice,
      isOwn: before?.isOwn ?? choice.isOwn,
      position: ++position,
      recordId: randomBytes(32),
      finding: before?.finding ?? randomUUID(),
      version: before
        ? Math.max(...earlier.filter(({ finding }) => finding === before.finding).map(({ version }) => version)) + 1
        : 1,
      target: isAbout && about.isOwn && choice.isOwn && !before ? about.position : null,
    }
  }

  async function store(row: Row): Promise<void> {
    const { position, recordId, type, finding, version, iat, readers = null, target, isOwn } = row
    const log = logOf(isOwn)
    const iss = logs.find(({ id }) => id === log)?.iss ?? ''
    const columns = {
      position,
      record_id: recordId,
      type,
      finding,
      version,
      iat,
      target,
      readers,
      ...markColumns(row.mark),
    }
    const { mark, ...ownColumns } = columns
    const shown = { iss, lang: 'en', has_body: true, mark: JSON.stringify(mark) }
    if (isOwn)
      await db
        .insertInto('own_record')
        .values({ ...ownColumns, actor: 'ada', at: new Date() })
        .execute()
    const body = Buffer.from(JSON.stringify(bodyOf(row)))
    const entry = { log, position, leaf_hash: recordId, record_id: recordId, statement: Buffer.from('signed'), body }
    await db.insertInto('entry').values(entry).execute()
    await db
      .insertInto('record')
      .values({ ...columns, log, ...shown })
      .execute()
    if (!row.isSent) return
    const delivery = {
      from_position: position - 1,
      to_position: position + 1,
      opened: [1],
      access_at: 0,
      sent_at: new Date(),
    }
    await db
      .insertInto('delivery')
      .values({ ...delivery, peer: peers[0] ?? '' })
      .execute()
  }

  async function befall({ fate, isOwn, position, recordId: record_id, newMark }: Row): Promise<void> {
    const log = logOf(isOwn)
    if (!isOwn && (fate === 'revoked' || fate === 'reopened')) {
      await db.insertInto('revoked').values({ log, position, seq: 0 }).execute()
      if (fate === 'reopened')
        await db.deleteFrom('revoked').where('log', '=', log).where('position', '=', position).execute()
    }
    if (fate === 'withdrawn' || fate === 'staged' || fate === 'unstaged') {
      const at = fate === 'withdrawn' ? 0 : size + 1
      await db.insertInto('withdrawn').values({ log, record_id, position: at, effect: 'withdrawn' }).execute()
      if (fate === 'unstaged') await db.deleteFrom('withdrawn').where('record_id', '=', record_id).execute()
    }
    if (fate === 'removed') await db.deleteFrom('record').where('record_id', '=', record_id).execute()
    if (fate !== 'remarked') return
    const { mark, ...columns } = markColumns(newMark)
    if (isOwn) await db.updateTable('own_record').set(columns).where('record_id', '=', record_id).execute()
    await db
      .updateTable('record')
      .set({ ...columns, mark: JSON.stringify(mark) })
      .where('record_id', '=', record_id)
      .execute()
  }

  async function storeGroups(
    members: typeof memberships extends fc.Arbitrary<infer Value> ? Value : never,
  ): Promise<void> {
    await db.deleteFrom('group_snapshot').execute()
    await db.deleteFrom('group_member').execute()
    for (const { circle, member, from, until } of members) {
      const group = circles[circle] ?? { iss: '', finding: '' }
      const snapshot = { ...group, log: 1, position: 0, version: 1, valid_until: until }
      await db
        .insertInto('group_snapshot')
        .values(snapshot)
        .onConflict((on) => on.doNothing())
        .execute()
      const listed = { ...group, member, role: 'member', history_from: from }
      await db
        .insertInto('group_member')
        .values(listed)
        .onConflict((on) => on.doNothing())
        .execute()
    }
  }

  /** As far as the last of these records. */
  async function fill(rows: readonly Row[]): Promise<void> {
    const to = (rows.at(-1)?.position ?? 0) + 1
    for (const { id: log } of logs) {
      const values = { log, position: to, indexed: to - rows.length - 1 }
      await db
        .insertInto('projection')
        .values(values)
        .onConflict((on) => on.column('log').doUpdateSet({ position: to }))
        .execute()
      while (await fillIndex(deps, log));
    }
  }
})

const valuesOf: Readonly<Record<string, (view: RecordView) => string>> = {
  iss: ({ iss }) => iss,
  type: ({ type }) => type,
  tlp: ({ mark }) => mark.tlp,
  status: ({ status }) => status,
}

function byValue(a: { value: string }, b: { value: string }): number {
  return a.value < b.value ? -1 : 1
}

function idOf({ recordId }: Row): string {
  return recordId.toString('base64url')
}

function markColumns({ tlp, circle, embargoUntil }: Chosen['mark']) {
  const group = circle === undefined ? undefined : circles[circle]
  return {
    tlp,
    embargo_until: embargoUntil ?? null,
    group_iss: group?.iss ?? null,
    group_finding: group?.finding ?? null,
    mark: { tlp, relay: 'none' },
  }
}

function bodyOf({ type, newMark }: Row): object {
  if (type === 'observation') return observation(`Seen ${word}.`)
  if (type === 'marking') return { mark: { tlp: newMark.tlp, relay: 'none' }, reason: { en: word.slice(1) } }
  if (type === 'group') return { name: { en: 'Circle' }, members: [], validUntil: 0 }
  return { reason: 'error' }
}
