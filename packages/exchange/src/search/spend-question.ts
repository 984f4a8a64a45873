import type { Deps } from '../deps.ts'

export interface Spent {
  readonly isSpent: boolean
  /** Seconds until the next hour begins. */
  readonly retryAfterSeconds: number
}

const secondsOfHour = 3_600

/**
 * Counts one live question of an asker in the hour at hand, unless there are as many as the configuration allows already:
 * whoever repeats a search with small changes learns more than one search tells. Counted over all processes. Not waited for
 * until it is durable: a server that crashes forgets the questions of a moment, and every search would wait for the disk.
 *
 * @param asker Entity id of a peer, or subject of a person here.
 */
export async function spendQuestion(
  { pool, now, search }: Pick<Deps, 'pool' | 'now' | 'search'>,
  kind: 'peer' | 'person',
  asker: string,
): Promise<Spent> {
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const { rowCount } = await pool.query({
    name: 'spend-question',
    text: `with unwaited as (select set_config('synchronous_commit', 'off', true))
           insert into live_question (kind, asker, hour, count) select $1, $2, $3, 1 from unwaited where $4 > 0
           on conflict (kind, asker, hour) do update set count = live_question.count + 1 where live_question.count < $4`,
    values: [kind, asker, Math.floor(nowSeconds / secondsOfHour), search.questionsAnHour[kind]],
  })
  return { isSpent: rowCount === 1, retryAfterSeconds: secondsOfHour - (nowSeconds % secondsOfHour) }
}

/** Forgets the hours that are over. */
export async function purgeQuestions({ pool, now }: Pick<Deps, 'pool' | 'now'>): Promise<void> {
  const hour = Math.floor(now().getTime() / 1_000 / secondsOfHour)
  await pool.query('delete from live_question where hour < $1', [hour])
}
