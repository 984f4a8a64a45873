import pg from 'pg'
import type { AcceptedEntry } from './accept-entries.ts'

/** Code of the quarantine row of an entry whose record is held at another position of the same log. */
export const repeatedRecord = 'repeated-record'

/**
 * A record is held at one position of its log: where another entry brings the same one, it stays a hash, and its quarantine
 * says where the record stands. Nothing of it is lost, because the two are the same signed bytes. The entry that is held
 * already stands, and among new ones the first.
 */
export async function setAsideRepeats(
  client: Pick<pg.Pool, 'query'>,
  log: number,
  entries: readonly AcceptedEntry[],
): Promise<readonly AcceptedEntry[]> {
  const standsAt = await listHeld(client, log, entries)
  return entries.map((entry) => {
    const { position, recordId } = entry
    if (recordId === undefined) return entry
    const first = standsAt.get(recordId) ?? position
    standsAt.set(recordId, first)
    return first === position ? entry : setAside(entry, first)
  })
}

/** Whether the database refused an entry because it holds the record at another position. */
export function isRepeat(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === 'entry_by_record'
}

function setAside({ position, leafHash }: AcceptedEntry, first: number): AcceptedEntry {
  return { position, leafHash, quarantine: { code: repeatedRecord, detail: `repeats the record at ${first}` } }
}

async function listHeld(
  client: Pick<pg.Pool, 'query'>,
  log: number,
  entries: readonly AcceptedEntry[],
): Promise<Map<string, number>> {
  const ids = entries.flatMap(({ recordId }) => (recordId === undefined ? [] : [Buffer.from(recordId, 'base64url')]))
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<{ record_id: Buffer; position: number }>(
    'select record_id, position from entry where log = $1 and record_id = any ($2)',
    [log, ids],
  )
  return new Map(rows.map(({ record_id, position }) => [record_id.toString('base64url'), position]))
}
