import type { JsonObject, JsonValue } from '@concordance/protocol'
import type { ImportErrorCode } from './error.ts'

export type ImportFormat = 'inspect' | 'every-eval-ever' | 'unknown'

/** What became of one file. Everything in it may be shown to the institute's own people; only `drafts` can leave. */
export interface ImportResult {
  /** As the caller named it. */
  readonly file: string
  readonly format: ImportFormat
  readonly outcome: 'draft' | 'refused'
  /** Why it was refused. */
  readonly code?: ImportErrorCode
  readonly detail?: string
  readonly warnings: readonly ImportWarning[]
  readonly drafts: readonly ImportedDraft[]
  /** Every field that would leave the node with the drafts: JSON pointers (RFC 6901) into `drafts` by their content. */
  readonly leaves: readonly string[]
  /** What the file cannot know and no answer has said yet, at most `limits.questions`. */
  readonly questions: readonly Question[]
}

export interface ImportedDraft {
  readonly type: 'evaluation'
  /** Language of the statement (BCP 47). */
  readonly lang: string
  /** Body of an evaluation without `iss` and `salt`; complete where `missing` is empty. */
  readonly content: JsonObject
  /** For each field of the content, where it comes from: a place in the log, `answers#…`, `file#…` or a derivation. */
  readonly origins: Readonly<Record<string, string>>
  /** Required fields that are not there yet; such a draft cannot be published. */
  readonly missing: readonly string[]
}

export interface ImportWarning {
  readonly code: WarningCode
  readonly detail: string
}

/** Stable. `docs/importers.md` says what each means and what to do. */
export type WarningCode =
  | 'run-cancelled'
  | 'run-error'
  | 'run-invalidated'
  | 'mock-model'
  | 'harness-dirty'
  | 'name-redacted'
  | 'name-withheld'
  | 'samples-incomplete'
  | 'sample-count-mismatch'
  | 'dataset-count-mismatch'
  | 'recomputed-differs'
  | 'value-not-finite'
  | 'value-inexact'
  | 'value-missing'
  | 'value-out-of-range'
  | 'unit-contradiction'
  | 'unit-unstated'
  | 'direction-unstated'
  | 'metric-unnamed'
  | 'metric-skipped'
  | 'group-size-unknown'
  | 'overall-and-parts'
  | 'se-derived'
  | 'se-not-available'
  | 'se-not-finite'
  | 'se-zero'
  | 'interval-as-margin'
  | 'interval-zero-width'
  | 'interval-refused'
  | 'timestamp-naive'
  | 'timestamp-refused'

/** One thing to ask of a person. Its fields can be answered in the side file under the same names. */
export interface Question {
  readonly id: string
  readonly ask: string
  /** JSON pointers into the content. */
  readonly fields: readonly string[]
  /** Those of the fields without which a draft of this file cannot be published. */
  readonly missing: readonly string[]
  readonly options?: Readonly<Record<string, readonly string[]>>
  /** What the log suggests but does not say; never filled in without an answer. */
  readonly suggestions?: Readonly<Record<string, JsonValue>>
}
