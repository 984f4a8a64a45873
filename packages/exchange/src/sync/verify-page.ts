import {
  type Checkpoint,
  extendFrontier,
  type Frontier,
  parseCheckpointUnsafe,
  verifyCheckpoint,
} from '@concordance/log'
import {
  type Coverage,
  type GatedEntry,
  gateEntries,
  isCommon,
  type Keyset,
  limits,
  openedDigestOf,
  positionsDigest,
  verifyCoverage,
} from '@concordance/protocol'
import type { Mirror } from './mirror.ts'
import type { EntriesPage } from './peer-calls.ts'
import { MisconductFound, SyncError } from './sync-error.ts'

/** Entries of a page, with what was signed about them. */
export interface VerifiedEntries {
  readonly entries: readonly GatedEntry[]
  readonly checkpoint: Checkpoint
  readonly checkpointJws: string
  readonly coverage: Coverage
  readonly coverageJws: string
  /** Offsets from the page's first position of entries that every active peer must be given. */
  readonly common: readonly number[]
  /** In force after the page. */
  readonly keyset: Keyset | undefined
}

/** A page of which every byte has been checked; what it leads to is compared with a root by `stagePage`. */
export interface VerifiedPage extends VerifiedEntries {
  /** After the last entry of the page. */
  readonly frontier: Frontier
  /** Complete subtrees of 256 leaves that the page finished. */
  readonly subtrees: readonly { index: number; hash: Uint8Array }[]
}

export interface PageExpectation {
  /** Our own entity id: whom the coverage statement must speak to. */
  readonly me: string
  readonly nowSeconds: number
  /** Finds the peer's keyset document of that sequence number, asking the peer where it is not yet known. */
  getKeyset(seq: number): Promise<Keyset>
}

const subtreeLevel = 8 // 256 leaves, as the `subtree` table keeps them

/**
 * Checks one page against the mirror it continues: signatures of checkpoint and coverage statement, every entry
 * through the gate, and that the coverage statement describes exactly what was sent.
 *
 * @throws {MisconductFound} when the peer's own signatures contradict each other.
 * @throws {SyncError | ProtocolError | LogError} when the page is not what it says; nothing has been stored.
 */
export async function verifyPage(mirror: Mirror, page: EntriesPage, expect: PageExpectation): Promise<VerifiedPage> {
  const verified = await verifyEntries(mirror, page, { from: mirror.staged.size, keyset: mirror.inForce }, expect)
  const subtrees: { index: number; hash: Uint8Array }[] = []
  const leaves = verified.entries.map((entry) => entry.leafHash)
  const frontier = extendFrontier(mirror.staged, leaves, (level, index, hash) => {
    if (level === subtreeLevel) subtrees.push({ index, hash })
  })
  return { ...verified, frontier, subtrees }
}

/**
 * The same for a page that begins anywhere in the log, except that its leaves are for the caller to compare.
 *
 * @param at.keyset In force for position `from`; undefined before position 0.
 */
export async function verifyEntries(
  mirror: Mirror,
  page: EntriesPage,
  at: { from: number; keyset: Keyset | undefined },
  expect: PageExpectation,
): Promise<VerifiedEntries> {
  const { checkpoint, keyset } = await verifyNewCheckpoint(mirror, page.trailer.checkpoint, expect)
  const coverage = verifyCoverage(page.trailer.coverage, keyset)
  const context = { iss: mirror.iss, origin: mirror.origin, pin: mirror.pin, keyset: at.keyset }
  const entries = await gateEntries(context, page.entries, at.from)
  verifyKeysets(mirror, entries)
  verifyExtent(coverage, page, { from: at.from, me: expect.me, checkpoint })
  verifyAuthorised(coverage, mirror)
  return {
    entries,
    checkpoint,
    checkpointJws: page.trailer.checkpoint,
    coverage,
    coverageJws: page.trailer.coverage,
    common: verifyOpened(coverage, page, entries),
    keyset: context.keyset,
  }
}

/** Verifies a checkpoint's signature, and holds it against the newest one we have from the same peer. */
export async function verifyNewCheckpoint(
  mirror: Mirror,
  compact: string,
  expect: PageExpectation,
): Promise<{ checkpoint: Checkpoint; keyset: Keyset }> {
  const keyset = await expect.getKeyset(parseCheckpointUnsafe(compact).checkpoint.keyset)
  const checkpoint = verifyCheckpoint(compact, keyset)
  if (checkpoint.iat > expect.nowSeconds + limits.skewSeconds) {
    throw new SyncError('CHECKPOINT_TIME', `checkpoint is from ${checkpoint.iat}, ahead of our clock`)
  }
  const held = mirror.newest
  if (held) verifyFollows(mirror, held, { checkpoint, compact })
  return { checkpoint, keyset }
}

type HeldCheckpoint = { readonly checkpoint: Checkpoint; readonly compact: string }

function verifyFollows(mirror: Mirror, held: HeldCheckpoint, shown: HeldCheckpoint): void {
  const keysets = chainOf(mirror)
  const { iss, origin } = mirror
  if (shown.checkpoint.size === held.checkpoint.size && shown.checkpoint.root !== held.checkpoint.root) {
    const checkpoints = [held.compact, shown.compact] as const
    throw new MisconductFound({ v: 1, kind: 'two-roots', iss, origin, keysets, checkpoints })
  }
  if (shown.checkpoint.size < held.checkpoint.size) {
    if (shown.checkpoint.iat > held.checkpoint.iat) {
      const checkpoints = [held.compact, shown.compact] as const
      throw new MisconductFound({ v: 1, kind: 'rollback', iss, origin, keysets, checkpoints })
    }
    throw new SyncError('CHECKPOINT_TIME', `checkpoint of size ${shown.checkpoint.size} is older than the one we hold`)
  }
}

/** A keyset in the log must be the document the peer has shown under that number. */
function verifyKeysets(mirror: Mirror, entries: readonly GatedEntry[]): void {
  for (const { keyset } of entries) {
    const shown = keyset && mirror.keysets.get(keyset.document.seq)
    if (!shown || shown.digest === keyset.digest) continue
    const { iss, origin } = mirror
    const documents = [shown.compact, keyset.compact] as const
    throw new MisconductFound({ v: 1, kind: 'two-keysets', iss, origin, keysets: chainOf(mirror), documents })
  }
}

function chainOf(mirror: Mirror): string[] {
  return [...mirror.keysets.values()].map((keyset) => keyset.compact)
}

function verifyExtent(
  coverage: Coverage,
  page: EntriesPage,
  { from, me, checkpoint }: { from: number; me: string; checkpoint: Checkpoint },
): void {
  const to = from + page.entries.length
  const exact = coverage.from === from && coverage.to === to && page.trailer.next === to
  if (!exact) throw new SyncError('PAGE', `coverage speaks of [${coverage.from}, ${coverage.to}), not [${from}, ${to})`)
  if (coverage.peer !== me) throw new SyncError('PAGE', 'coverage speaks to another peer')
  if (coverage.size !== checkpoint.size || to > checkpoint.size) {
    throw new SyncError('PAGE', `page reaches ${to}, coverage size ${coverage.size}, checkpoint ${checkpoint.size}`)
  }
  if (page.entries.length === 0 && from < checkpoint.size) {
    throw new SyncError('PAGE', `no entries from ${from} although the log has ${checkpoint.size}`)
  }
}

/**
 * No proof against anybody: two answers that were made at once may arrive and even be signed in either order, so what was
 * authorised before what we know is only discarded.
 */
function verifyAuthorised({ accessAt }: Coverage, mirror: Mirror): void {
  if (accessAt >= mirror.accessAt) return
  throw new SyncError(
    'ACCESS_BEHIND',
    `authorised at ${accessAt} of the access feed, of which ${mirror.accessAt} is read`,
  )
}

function verifyOpened(coverage: Coverage, page: EntriesPage, entries: readonly GatedEntry[]): number[] {
  const opened = page.entries.flatMap(({ position, state }) => (state === 'hash' ? [] : [{ position, state }]))
  if (openedDigestOf(page.trailer.salt, opened) !== coverage.openedDigest) {
    throw new SyncError('PAGE', 'coverage opens other positions')
  }
  const common = listCommon(coverage, entries)
  if (positionsDigest(common.map((position) => ({ position }))) !== coverage.commonDigest) {
    throw new SyncError('PAGE', 'coverage lists other common positions')
  }
  return common.map((position) => position - coverage.from)
}

/** What every active peer was given by its signed marking, be it narrowed since. */
function listCommon({ from, narrowed = [] }: Coverage, entries: readonly GatedEntry[]): number[] {
  const given = entries.filter(({ statement }) => statement && isCommon(statement.mark)).map(({ position }) => position)
  for (const { position } of narrowed) {
    const statement = entries[position - from]?.statement
    if (statement && !isCommon(statement.mark)) {
      throw new SyncError('PAGE', `coverage says that ${position} was narrowed, which was never for every peer`)
    }
  }
  if (narrowed.length === 0) return given
  return [...new Set([...given, ...narrowed.map(({ position }) => position)])].sort((a, b) => a - b)
}
