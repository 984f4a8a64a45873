import type { Kysely } from 'kysely'
import type { Tables } from './database/tables.ts'

export interface AuditedAct {
  readonly at: Date
  /** Person, program or `operator` at the machine. */
  readonly actor: string
  /** Such as `token.create`, `log.confirm`, `record.publish`. */
  readonly act: string
  readonly target: string
  /** Ids, codes and reasons; never content. */
  readonly detail: object
}

/** Writes one line of the append-only audit trail, usually in the transaction of the act itself. */
export async function audit(db: Kysely<Tables>, { detail, ...act }: AuditedAct): Promise<void> {
  await db
    .insertInto('audit')
    .values({ ...act, detail: JSON.stringify(detail) })
    .execute()
}
