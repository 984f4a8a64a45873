import type { Deps } from '../deps.ts'
import type { SealingInterval } from './schedule.ts'

/** Puts the configured way of sealing in force, where it is another than the one before: see `setSealing`. */
export async function applySealing(
  { db, writer }: Pick<Deps, 'db' | 'writer'>,
  interval: SealingInterval | undefined,
): Promise<void> {
  const { sealing } = await db.selectFrom('log').select('sealing').where('is_own', '=', true).executeTakeFirstOrThrow()
  if (sealing?.every === interval?.every && sealing?.leaves === interval?.leaves) return
  await writer.setSealing(interval)
  await writer.seal()
}
