import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { GroupSnapshot } from './may-open.ts'

/** The newest snapshot of a group, of ours or of a peer's; undefined where none was ever open to us. */
export async function findGroup(
  db: Kysely<Tables>,
  { iss, finding }: { iss: string; finding: string },
): Promise<GroupSnapshot | undefined> {
  const snapshot = await db
    .selectFrom('group_snapshot')
    .select('valid_until')
    .where('iss', '=', iss)
    .where('finding', '=', finding)
    .executeTakeFirst()
  if (!snapshot) return undefined
  const members = await db
    .selectFrom('group_member')
    .select(['member', 'history_from'])
    .where('iss', '=', iss)
    .where('finding', '=', finding)
    .orderBy('member')
    .execute()
  return {
    validUntil: snapshot.valid_until,
    members: members.map(({ member, history_from }) => ({ iss: member, historyFrom: history_from })),
  }
}
