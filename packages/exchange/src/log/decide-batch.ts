import type { Receipt } from '@concordance/protocol'
import { clearanceOpen, ExchangeError, reviewRequired } from '../error.ts'
import type { NewEntry } from './append-batch.ts'
import { type Known, keyOf, type NewestVersion, targetOf } from './look-ahead.ts'

export type Decision =
  | { readonly kind: 'append' }
  /** Was done before; the first receipt again. */
  | { readonly kind: 'answer'; readonly receipt: Receipt }
  /** Another caller asks for the same in this very batch. */
  | { readonly kind: 'same-as'; readonly index: number }
  | { readonly kind: 'refuse'; readonly error: ExchangeError }

/** Decides each entry in turn, as if those before it had been appended. Pure: everything it may know is in `known`. */
export function decideBatch(entries: readonly NewEntry[], known: Known): Decision[] {
  const batch: Batch = {
    known,
    keys: new Map(),
    drafts: new Map(),
    findings: new Map(),
    withdrawn: new Set(),
    remarked: new Set(),
  }
  return entries.map((entry, index) => {
    try {
      return decide(batch, entry, index)
    } catch (error) {
      if (error instanceof ExchangeError) return { kind: 'refuse', error }
      throw error
    }
  })
}

/** What the entries decided so far have added to what the database knows. */
interface Batch {
  readonly known: Known
  readonly keys: Map<string, { index: number; digest: Uint8Array }>
  readonly drafts: Map<string, number>
  readonly findings: Map<string, NewestVersion>
  readonly withdrawn: Set<string>
  readonly remarked: Set<string>
}

function decide(batch: Batch, entry: NewEntry, index: number): Decision {
  const repeated = repeatOf(batch, entry) ?? draftOf(batch, entry)
  if (repeated) return repeated
  requireNextVersion(batch, entry)
  requireNextKeyset(batch, entry)
  requireNotWithdrawn(batch, entry)
  requireMarkedAs(batch, entry)

  const key = keyOf(entry)
  if (key && entry.idempotency) batch.keys.set(key, { index, digest: entry.idempotency.digest })
  if (entry.draft) batch.drafts.set(entry.draft.id, index)
  const { statement, recordId } = entry.signed
  batch.findings.set(statement.finding, { version: statement.version, recordId, isWithdrawn: false })
  const target = targetOf(entry)
  if (target) batch.withdrawn.add(target)
  if (statement.type === 'marking' && entry.markedAs) batch.remarked.add(entry.markedAs.recordId)
  return { kind: 'append' }
}

function repeatOf({ known, keys }: Batch, entry: NewEntry): Decision | undefined {
  const key = keyOf(entry)
  if (key === undefined || !entry.idempotency) return undefined
  const [before, here] = [known.receipts.get(key), keys.get(key)]
  const first = before ?? here
  if (!first) return undefined
  if (Buffer.compare(first.digest, entry.idempotency.digest) !== 0) {
    throw new ExchangeError('idempotency-mismatch', 'the key was used before, for another request')
  }
  return before ? { kind: 'answer', receipt: before.receipt } : { kind: 'same-as', index: here?.index ?? 0 }
}

function draftOf({ known, drafts }: Batch, { draft }: NewEntry): Decision | undefined {
  if (!draft) return undefined
  const here = drafts.get(draft.id)
  if (here !== undefined) return { kind: 'same-as', index: here }
  const stored = known.drafts.get(draft.id)
  if (!stored) throw new ExchangeError('not-found', `there is no draft ${draft.id}`)
  if (stored.receipt) return { kind: 'answer', receipt: stored.receipt }
  if (stored.etag !== draft.etag) {
    throw new ExchangeError('precondition-failed', `draft ${draft.id} changed while it was being published`)
  }
  if (draft.needsApproval && !stored.isApproved) throw reviewRequired()
  if (stored.hasOpenClearance) throw clearanceOpen()
  return undefined
}

function requireNextVersion({ known, findings }: Batch, { signed: { statement } }: NewEntry): void {
  const newest = findings.get(statement.finding) ?? known.findings.get(statement.finding)
  if (statement.version !== (newest?.version ?? 0) + 1 || statement.prev !== newest?.recordId) {
    throw new ExchangeError(
      'version-conflict',
      `version ${statement.version} does not follow version ${newest?.version ?? 0}`,
    )
  }
  if (newest?.isWithdrawn) throw new ExchangeError('withdrawn', `finding ${statement.finding} is withdrawn`)
}

function requireNextKeyset({ known }: Batch, { keyset }: NewEntry): void {
  const seq = keyset?.document.seq ?? known.ownLog.newestKeyset + 1
  if (seq !== known.ownLog.newestKeyset + 1) {
    throw new ExchangeError('version-conflict', `keyset ${seq} does not follow keyset ${known.ownLog.newestKeyset}`)
  }
}

function requireNotWithdrawn({ known, withdrawn }: Batch, entry: NewEntry): void {
  const target = targetOf(entry)
  if (target !== undefined && (known.withdrawn.has(target) || withdrawn.has(target))) {
    throw new ExchangeError('withdrawn', 'the record is withdrawn already')
  }
}

function requireMarkedAs({ known, remarked }: Batch, { markedAs }: NewEntry): void {
  if (!markedAs) return
  if (known.remarked.get(markedAs.recordId) !== markedAs.since || remarked.has(markedAs.recordId)) {
    throw new ExchangeError('conflict', 'the record was given another marking meanwhile')
  }
}
