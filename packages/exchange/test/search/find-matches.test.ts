import t from 'tap'
import { asViewer } from '../../src/access/as-viewer.ts'
import { cellBytes, placeBytes, placesOf } from '../../src/search/cells.ts'
import { findMatches } from '../../src/search/find-matches.ts'
import { openInstitute } from '../support/institute.ts'

const viewer = { kind: 'person', subject: 'ada', staff: true } as const

t.test('matches are complete and whole, however many slices they are sent in', async (t) => {
  const { deps } = await openInstitute(t)
  const add = (from: number, to: number) =>
    deps.pool.query(
      `insert into search_entry (log, position, iat, label, newer_lowest, newer_highest, tlp, head, system, test, risk, setting, words)
       select (select id from log where is_own), position, 1700000000 + position, 0, 9, -1, 'CLEAR', 1, 1, 1, 1, 1, 'cat'::tsvector
       from generate_series($1::bigint, $2::bigint) as position`,
      [from, to],
    )
  let size = 0
  for (const next of [1, 1_535, 1_536, 1_537, 3_072, 3_073]) {
    await add(size, next - 1)
    size = next
    const { cells } = await asViewer(deps, viewer, (db) =>
      findMatches(deps, db, viewer, {}, { match: "'cat'", titles: [] }),
    )
    const places = Buffer.concat(
      Array.from({ length: size }, (_, i) => cells.subarray(i * cellBytes, i * cellBytes + placeBytes)),
    )
    t.equal(cells.length, size * cellBytes)
    t.equal(new Set(placesOf(places).map(({ position }) => position)).size, size)
    t.ok(placesOf(places).every(({ iat, position }) => iat === 1_700_000_000 + position))
  }
})
