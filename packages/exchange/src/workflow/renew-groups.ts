import type { JsonObject } from '@concordance/protocol'
import { composeRecord } from '../compose-record.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { digestOf } from '../publish.ts'
import { findOwnVersion } from './own-findings.ts'
import { prepareDraft } from './prepare-draft.ts'

const renewBeforeSeconds = 3 * 24 * 60 * 60
/** Who renews, in the audit trail. */
const actor = 'node'

/** Publishes the next snapshot of every group of our own that ends soon: the same members, a new end. Safe to repeat. */
export async function renewGroups(deps: Deps): Promise<void> {
  for (const finding of await listEnding(deps)) {
    try {
      await renewGroup(deps, finding)
    } catch (error) {
      // Somebody else published its next snapshot meanwhile, which has an end of its own.
      if (!(error instanceof ExchangeError && error.code === 'version-conflict')) throw error
    }
  }
}

/** A group without members is nobody, and needs no end. */
async function listEnding({ db, identity, now }: Deps): Promise<string[]> {
  const soon = Math.floor(now().getTime() / 1_000) + renewBeforeSeconds
  const rows = await db
    .selectFrom('group_snapshot')
    .select('finding')
    .where('iss', '=', identity.iss)
    .where('valid_until', '<', soon)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('group_member')
          .select('member')
          .whereRef('group_member.iss', '=', 'group_snapshot.iss')
          .whereRef('group_member.finding', '=', 'group_snapshot.finding'),
      ),
    )
    .execute()
  return rows.map(({ finding }) => finding)
}

async function renewGroup(deps: Deps, finding: string): Promise<void> {
  const newest = await findOwnVersion(deps.db, finding)
  if (!newest || newest.isWithdrawn) return
  const { lang, mark, rel, type, version } = newest.statement
  const content: JsonObject = newest.content
  const work = { type, lang, mark, rel: [...rel], content, finding, version: version + 1 }
  const { composition, needsSecondPerson } = await prepareDraft(deps, work)
  if (needsSecondPerson) return // it changed while it was looked at
  const idempotency = {
    subject: actor,
    key: `renew ${finding} ${version}`,
    digest: digestOf('renew', { finding, version }),
  }
  await deps.writer.append({ ...(await composeRecord(deps, composition)), actor, idempotency })
}
