import { encodeBase64url, type SignedStatement } from '@concordance/protocol'
import type pg from 'pg'
import type { AppendContext, NewEntry } from './append-batch.ts'

/** The positions `[from, to)` that fill up until the next tick. */
export interface Window {
  readonly from: number
  readonly to: number
}

/**
 * A free position at random for each entry, so that where an opened record stands says nothing about how many others were
 * appended beside it. What follows from another record comes behind it; a keyset stands behind all that was appended
 * before it and in front of all that comes after.
 *
 * @returns positions of the first entries; fewer than entries where there is no room, because what comes after an entry
 * may follow from it.
 */
export async function choosePositions(
  client: pg.ClientBase,
  context: Pick<AppendContext, 'random'>,
  window: Window,
  entries: readonly NewEntry[],
): Promise<number[]> {
  const taken = await listTaken(client, window)
  const positions: number[] = []
  for (const entry of entries) {
    const free = freeBehind(window, taken, entry)
    const position = entry.keyset ? free[0] : free[randomBelow(context, free.length)]
    if (position === undefined) break
    positions.push(position)
    taken.push(takenBy(entry, position))
  }
  return positions
}

interface Taken {
  readonly position: number
  readonly recordId: string
  readonly finding: string
  readonly isKeyset: boolean
  /** The record that it is about, base64url. */
  readonly about: string | undefined
}

async function listTaken(client: pg.ClientBase, { from }: Window): Promise<Taken[]> {
  const { rows } = await client.query<{
    position: number
    record_id: Buffer
    finding: string
    type: string
    about: Buffer | null
  }>({
    name: 'taken-positions',
    text: `select own.position, own.record_id, own.finding, own.type, about.record_id as about
           from own_record own left join own_record about on about.position = own.target
           where own.position >= $1`,
    values: [from],
  })
  return rows.map(({ position, record_id, finding, type, about }) => ({
    position,
    recordId: encodeBase64url(record_id),
    finding,
    isKeyset: type === 'keyset',
    about: about ? encodeBase64url(about) : undefined,
  }))
}

function takenBy({ signed }: NewEntry, position: number): Taken {
  const { recordId, statement } = signed
  const about = statement.rel.find(({ kind }) => kind === 'withdraws' || kind === 'remarks')?.target
  return {
    position,
    recordId,
    finding: statement.finding,
    isKeyset: statement.type === 'keyset',
    about: about && 'record' in about ? about.record : undefined,
  }
}

function freeBehind({ from, to }: Window, taken: readonly Taken[], { signed, keyset }: NewEntry): number[] {
  const before = taken.filter((earlier) => keyset !== undefined || earlier.isKeyset || isFollowed(earlier, signed))
  const first = Math.max(from, ...before.map(({ position }) => position + 1))
  const positions = new Set(taken.map(({ position }) => position))
  return Array.from({ length: Math.max(0, to - first) }, (_, index) => first + index).filter(
    (position) => !positions.has(position),
  )
}

function isFollowed({ recordId, finding, about }: Taken, { statement }: SignedStatement): boolean {
  if (finding === statement.finding) return true
  return statement.rel.some(({ target }) =>
    'record' in target
      ? target.record === recordId || target.record === about
      : 'finding' in target && target.finding === finding,
  )
}

/** The remainder of 48 bits is as good as even for any window. */
function randomBelow({ random }: Pick<AppendContext, 'random'>, below: number): number {
  return below === 0 ? 0 : Buffer.from(random(6)).readUIntBE(0, 6) % below
}
