import type { MisconductBundle } from '@concordance/log'

/** Why a pass over a peer's log ended early. Stable: status, metrics and the CLI branch on it. */
export type SyncErrorCode =
  | 'ROOT_MISMATCH' // the entries we were sent do not give the root the peer signed
  | 'PAGE' // the page contradicts itself, its coverage statement or our request
  | 'MOVED_ON' // another pass has stored these entries meanwhile: nothing is wrong, and nothing left to do
  | 'ACCESS' // a page of the access feed is not the one asked for, or speaks to somebody else
  | 'ACCESS_BEHIND' // authorised before what was read of the access feed: what it opens may have been closed since
  | 'CHECKPOINT_TIME' // a checkpoint from the future, or an older one than we hold
  | 'KEYSET_UNKNOWN' // the peer signs under a keyset it does not show

/** The answer is not what the peer's own signatures say. Proves nothing by itself: a line can corrupt too. */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly code: SyncErrorCode
  constructor(code: SyncErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Two things the peer itself signed cannot both be true: the peer is frozen and the bundle kept. */
export class MisconductFound extends Error {
  override readonly name = 'MisconductFound'
  readonly bundle: MisconductBundle
  constructor(bundle: MisconductBundle) {
    super(`${bundle.iss} contradicts itself: ${bundle.kind}`)
    this.bundle = bundle
  }
}
