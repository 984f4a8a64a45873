import type pg from 'pg'
import type { VerifiedEntries } from './verify-page.ts'

/** What a row of `coverage_received` holds beside its log, in the order of the columns. */
export function coverageValuesOf({ coverage, coverageJws, common }: VerifiedEntries): unknown[] {
  return [coverage.from, coverage.to, common, coverageJws, coverage.iat]
}

/** Keeps what the peer said of entries that we hold already. */
export async function insertCoverage(client: pg.ClientBase, log: number, page: VerifiedEntries): Promise<void> {
  await client.query(
    `insert into coverage_received (log, from_position, to_position, common, jws, iat)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [log, ...coverageValuesOf(page)],
  )
}
