import type { InstituteAnswer, LateAnswers, RecordView } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { narrow, type PeerHits } from './ask-peer.ts'
import { filterHits } from './filter-hits.ts'
import { fuse } from './fuse.ts'
import { listActiveLogs } from './peer-logs.ts'

const keptMs = 10 * 60 * 1_000

/** A search that did not wait for everybody. */
export interface LateSearch {
  readonly queryId: string
  /** Of the person who asked. */
  readonly subject: string
  /** One a peer in scope, as whoever asked was told. */
  readonly institutes: readonly InstituteAnswer[]
  /** How long is waited for the others. */
  readonly waitMs: number
}

/** Durable enough when it returns for another process to find it; a crash of the database forgets it. */
export async function keepSearch(
  { db, now }: Deps,
  { queryId, subject, institutes, waitMs }: LateSearch,
): Promise<void> {
  const asked = now()
  await db
    .insertInto('late_search')
    .values({
      query_id: queryId,
      subject,
      asked_at: asked,
      institutes: JSON.stringify(institutes),
      waits_until: new Date(asked.getTime() + waitMs),
    })
    .execute()
}

/**
 * Keeps an answer that came late, with its hits verified. What is no answer of the institute is not kept.
 *
 * @throws {ProtocolError} of the first hit that does not verify; nothing is kept.
 */
export async function keepAnswer({ db }: Deps, queryId: string, { institute, hits }: PeerHits): Promise<void> {
  if (institute.signed === undefined) return
  const verified = hits.map((hit) => hit.verify())
  await db
    .insertInto('late_answer')
    .values({
      query_id: queryId,
      iss: institute.iss,
      institute: JSON.stringify(institute),
      hits: JSON.stringify(verified),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/**
 * What came after the budget of a search, for whoever asked: what they may see of it is decided again.
 *
 * @throws {ExchangeError} `not-found` for a search of somebody else, one that waited for nobody, or one of long ago.
 */
export async function getLateAnswers(
  deps: Deps,
  viewer: Extract<Viewer, { kind: 'person' }>,
  queryId: string,
): Promise<LateAnswers> {
  const search = await deps.db
    .selectFrom('late_search')
    .select(['institutes', 'waits_until'])
    .where('query_id', '=', queryId)
    .where('subject', '=', viewer.subject)
    .where('asked_at', '>', oldest(deps))
    .executeTakeFirst()
  if (!search) throw new ExchangeError('not-found', 'no late answers are kept under this id')
  const came = await listNarrowed(deps, viewer, queryId)
  const institutes = search.institutes.map((before) => came.get(before.iss)?.institute ?? before)
  const isWaiting = search.waits_until > deps.now()
  return {
    queryId,
    hits: fuse(
      [...came.values()].map(({ hits }) => hits),
      (hit) => hit.recordId,
    ),
    institutes,
    waiting: isWaiting ? institutes.filter(({ status }) => status === 'timeout').map(({ iss }) => iss) : [],
    complete: institutes.every(({ status }) => status === 'ok'),
  }
}

/** By entity id. Of an institute that is no active peer any more nothing is shown. */
async function listNarrowed(
  deps: Deps,
  viewer: Viewer,
  queryId: string,
): Promise<ReadonlyMap<string, PeerHits<RecordView>>> {
  const rows = await deps.db.selectFrom('late_answer').selectAll().where('query_id', '=', queryId).execute()
  const active = rows.length > 0 ? await listActiveLogs(deps) : []
  const logs = new Map(active.map(({ peer, log }) => [peer.iss, log]))
  const came = rows.flatMap(({ iss, institute, hits }) => {
    const log = logs.get(iss)
    return log ? [{ log: log.log, institute, hits }] : []
  })
  const shown = await filterHits(deps, viewer, came)
  return new Map(came.map((answer, index) => [answer.institute.iss, narrow(answer, shown[index] ?? [])]))
}

/** Forgets searches that nobody may ask for any more, with their answers. */
export async function purgeLateAnswers(deps: Pick<Deps, 'db' | 'now'>): Promise<void> {
  await deps.db.deleteFrom('late_search').where('asked_at', '<=', oldest(deps)).execute()
}

function oldest({ now }: Pick<Deps, 'now'>): Date {
  return new Date(now().getTime() - keptMs)
}
