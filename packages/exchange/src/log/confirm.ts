import { type Checkpoint, decodeFrontier, verifyCheckpoint } from '@concordance/log'
import { encodeBase64url } from '@concordance/protocol'
import { type Kysely, sql } from 'kysely'
import { audit } from '../audit.ts'
import type { LogState, Tables } from '../database/tables.ts'
import type { Deps, TreeHead } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { publishKeyset } from '../keys/publish-keyset.ts'
import { headOf } from './append-batch.ts'
import { type GuardVerdict, judgeGuard } from './judge-guard.ts'
import { rootAt } from './root-at.ts'
import { sealLock } from './seal.ts'

/**
 * The rule at every start: our log is signed on only when the database is known to be the newest there is. Database and
 * guard agree, or this is the first start; otherwise the log becomes `unconfirmed`: publishing is refused and nothing
 * is signed, while reading goes on, until a peer or the operator confirms it.
 *
 * On a confirmed log it then puts the first keyset at position 0, where it is missing, and signs what a crash left unsigned.
 */
export async function confirmAtStart(deps: Deps): Promise<LogState> {
  await deps.db
    .insertInto('log')
    .values({ origin: deps.identity.origin, iss: deps.identity.iss, is_own: true, state_reason: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { state, head } = await judgeOwnLog(deps)
  if (state === 'unconfirmed') return state
  if (head.size === 0) await publishKeyset(deps, deps.identity.keyset(), 'operator')
  await deps.writer.seal()
  return state
}

/**
 * Holds our log against what peers remember of it: the newest checkpoints they hold, which count only under our own key.
 * One that our log does not lead to stops publishing, also where database and guard agree: both may have been
 * restored together. An unconfirmed log is confirmed when at least one was shown and all of them are part of it; not where
 * the guard itself shows that more was signed than the database holds, for then something is lost for certain.
 *
 * @param shown Compact JWS, as peers sent them; attacker-controlled.
 * @returns the state of the log afterwards.
 */
export async function confirmByPeers(deps: Deps, shown: readonly string[]): Promise<LogState> {
  const checkpoints = shown.flatMap((compact) => verifyOwn(deps, compact))
  const { before, after } = await changeState(deps, async (trx, own) => {
    const contradiction = await findContradiction(trx, own, checkpoints)
    if (contradiction) return { state: 'unconfirmed', reason: contradiction }
    if (own.state !== 'unconfirmed' || checkpoints.length === 0 || own.reason === 'signed-beyond') return own
    await auditConfirmation(deps, trx, 'peers', own.head, { checkpoints: checkpoints.length })
    return { state: 'following', reason: null }
  })
  if (before !== after) deps.log.warn({ before, after }, 'the peers decided whether our log is the newest there is')
  if (before === 'unconfirmed' && after !== before) await deps.writer.seal()
  return after
}

/**
 * The operator answers for it that this database is the newest one. Stands in the audit trail.
 *
 * @param size Of the log, as the operator sees it: an answer to another state than the present one confirms nothing.
 * @throws {ExchangeError} `conflict` for another size, for a log that needs no confirmation, and where a peer has shown a
 * checkpoint of ours that this database contradicts: then going on would certainly sign a second history.
 */
export async function confirmLog(
  deps: Deps,
  confirmation: { size: number; reason: string; actor: string },
): Promise<void> {
  const { size, reason, actor } = confirmation
  await changeState(deps, async (trx, own) => {
    if (own.state !== 'unconfirmed') throw new ExchangeError('conflict', 'the log needs no confirmation')
    if (size !== own.head.size) throw new ExchangeError('conflict', `the log has size ${own.head.size}, not ${size}`)
    if (own.reason === 'behind-peer' || own.reason === 'differs-from-peer') {
      throw new ExchangeError('conflict', `a peer holds a newer or another checkpoint of ours (${own.reason})`)
    }
    await auditConfirmation(deps, trx, actor, own.head, { reason, was: own.reason })
    return { state: 'following', reason: null }
  })
  await deps.writer.seal()
}

interface OwnLog {
  readonly id: number
  readonly state: LogState
  readonly reason: string | null
  readonly head: TreeHead
}

type Change = { readonly state: LogState; readonly reason: string | null }

async function findContradiction(
  db: Kysely<Tables>,
  own: OwnLog,
  checkpoints: readonly Checkpoint[],
): Promise<string | undefined> {
  for (const { size, root } of checkpoints) {
    if (size > own.head.size) return 'behind-peer'
    if (encodeBase64url(await rootAt(db, own.id, size)) !== root) return 'differs-from-peer'
  }
  return undefined
}

async function judgeOwnLog(deps: Deps): Promise<{ state: LogState; head: TreeHead }> {
  let head: TreeHead = { size: 0, root: '' }
  const { after: state } = await changeState(deps, async (_, own) => {
    head = own.head
    if (own.state === 'unconfirmed') return own
    const verdict = judgeGuard(own.head, deps.guard.read())
    return isSafe(verdict) ? { state: 'following', reason: null } : { state: 'unconfirmed', reason: verdict }
  })
  if (state === 'unconfirmed') deps.log.warn({ size: head.size }, 'the log is not confirmed; publishing is refused')
  return { state, head }
}

function isSafe(verdict: GuardVerdict): boolean {
  return verdict === 'consistent' || verdict === 'first-start'
}

/** Under both locks that writing and sealing take. A log that becomes confirmed takes its guard along. */
async function changeState(
  deps: Deps,
  decide: (trx: Kysely<Tables>, own: OwnLog) => Promise<Change>,
): Promise<{ before: LogState; after: LogState }> {
  return deps.db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${sealLock})`.execute(trx)
    const row = await trx
      .selectFrom('log')
      .select(['id', 'size', 'frontier', 'state', 'state_reason'])
      .where('is_own', '=', true)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow()
    const head = headOf(decodeFrontier(row.size, row.frontier))
    const change = await decide(trx, { id: row.id, state: row.state, reason: row.state_reason, head })
    if (row.state === 'unconfirmed' && change.state !== 'unconfirmed') await resetGuard(deps, head)
    await trx
      .updateTable('log')
      .set({ state: change.state, state_reason: change.reason })
      .where('id', '=', row.id)
      .execute()
    return { before: row.state, after: change.state }
  })
}

async function resetGuard({ guard }: Deps, head: TreeHead): Promise<void> {
  await guard.intend(head, head)
  guard.seal(head)
}

function verifyOwn(deps: Deps, compact: string): Checkpoint[] {
  try {
    return [verifyCheckpoint(compact, deps.identity.keyset())]
  } catch (error) {
    deps.log.warn({ err: error }, 'a peer showed a checkpoint that we did not sign')
    return []
  }
}

async function auditConfirmation(
  deps: Deps,
  trx: Kysely<Tables>,
  actor: string,
  head: TreeHead,
  detail: object,
): Promise<void> {
  await audit(trx, {
    at: deps.now(),
    actor,
    act: 'log.confirm',
    target: deps.identity.origin,
    detail: { ...head, ...detail },
  })
}
