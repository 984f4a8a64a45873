import { sql } from 'kysely'
import t from 'tap'
import { asViewer } from '../src/access/as-viewer.ts'
import type { Viewer } from '../src/access/may-open.ts'
import { listCitations } from '../src/citations.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { appendRecord } from '../src/publish.ts'
import { getRecord, listRecords, listVersions } from '../src/records.ts'
import { withdrawFinding } from '../src/withdraw.ts'
import { listWithdrawn } from '../src/withdrawn.ts'
import { input, marks } from './support/content.ts'
import { call, openInstitute } from './support/institute.ts'

const person: Viewer = { kind: 'person', subject: 'ada', staff: true }
const records = 400
/** A few look-ups each in a few indices; a table read through would be `records` at least. */
const fewRows = 50

t.test('what is asked of one record among many reads a few rows, however long the log is', async (t) => {
  const { deps, iss } = await openInstitute(t)
  const publish = () => appendRecord(deps, input({ mark: marks.green }), call())
  const published = await Promise.all(Array.from({ length: records }, publish))
  const [first, second] = published as [(typeof published)[0], (typeof published)[0]]
  await withdrawFinding(deps, second.finding, { reason: 'error' }, call())
  await projectAll(deps)
  await sql`analyze`.execute(deps.db)

  /** Rows that connections behind the wall and others have read in all tables, as far as they have said so. */
  const rowsRead = async () => {
    for (let i = 0; i < 3; i++) {
      await asViewer(deps, person, (db) => sql`select pg_stat_force_next_flush()`.execute(db))
      await sql`select pg_stat_force_next_flush()`.execute(deps.db)
    }
    const { rows } = await sql<{ read: string }>`
      select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as read from pg_stat_user_tables
      where relname in ('record', 'entry', 'own_record', 'withdrawn', 'revoked', 'citation')`.execute(deps.db)
    return Number(rows[0]?.read)
  }
  const ask: Record<string, () => Promise<unknown>> = {
    'a record': () => getRecord(deps, person, first.recordId),
    'the versions of a finding': () => listVersions(deps, person, iss, first.finding),
    'what cites a record': () => listCitations(deps, person, first.recordId, { limit: 20 }),
    'what was withdrawn': () => listRecords(deps, person, { filters: { status: 'withdrawn' }, limit: 20 }),
    'tombstones of a feed': () => listWithdrawn(deps, person, {}, 20),
  }
  for (const [what, read] of Object.entries(ask)) {
    await t.test(what, async (t) => {
      // The sixth time PostgreSQL keeps the plan of a statement that is to keep it.
      for (let i = 0; i < 7; i++) await read()
      const before = await rowsRead()
      await read()
      const took = (await rowsRead()) - before
      t.ok(took > 0 && took < fewRows, `${took} rows`)
    })
  }

  await t.test('and a page of all of them reads what it shows', async (t) => {
    const before = await rowsRead()
    t.equal((await listRecords(deps, person, { filters: {}, limit: 200 })).items.length, 200)
    t.ok((await rowsRead()) - before >= 200)
  })
})
