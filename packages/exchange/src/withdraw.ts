import type { api, BodyOf, Receipt } from '@concordance/protocol'
import { composeRecord } from './compose-record.ts'
import type { Deps } from './deps.ts'
import { uuidv7 } from './keys/uuid.ts'
import { type Call, digestOf, findReceipt } from './publish.ts'
import { getNewestVersion } from './revise.ts'

/** Why a record is taken back. */
export type WithdrawalReason = BodyOf<typeof api.withdrawFinding>

/**
 * Takes back the newest version of one of our findings: appends a withdrawal marked as the record is now, so that whoever
 * may read it learns of it. Holders hide the body; the statement and its place in the log remain.
 *
 * @throws {ExchangeError} `not-found`, `withdrawn` when it is already, and the codes of `appendRecord`.
 */
export async function withdrawFinding(
  deps: Deps,
  finding: string,
  why: WithdrawalReason,
  call: Call,
): Promise<Receipt> {
  const digest = digestOf('withdraw', { finding, why })
  const earlier = await findReceipt(deps, call, digest)
  if (earlier) return earlier
  const newest = await getNewestVersion(deps.db, finding, call.actor)
  const { recordId, statement, mark, markedAs, readers } = newest
  const record = await composeRecord(deps, {
    type: 'withdrawal',
    lang: statement.lang,
    mark,
    content: why,
    rel: [{ kind: 'withdraws', target: { iss: deps.identity.iss, record: recordId } }],
    finding: uuidv7(deps),
    version: 1,
  })
  const idempotency = { subject: call.actor, key: call.idempotencyKey, digest }
  return deps.writer.append({ ...record, actor: call.actor, readers, idempotency, markedAs })
}
