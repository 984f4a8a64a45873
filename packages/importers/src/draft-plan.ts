import type { JsonValue } from '@concordance/protocol'
import type { DraftBuilder } from './draft.ts'
import type { MeasureDraft } from './uncertainty.ts'

/** What a format's reader makes of one system, benchmark and condition of a log. */
export interface DraftPlan {
  /** Benchmark or task name: what single answers of a file with several drafts are given by. */
  readonly key: string
  readonly draft: DraftBuilder
  readonly measures: readonly MeasureDraft[]
  /** Fields the log suggests without saying them. */
  readonly suggestions: ReadonlyMap<string, JsonValue>
}

export interface RawFile {
  readonly format: 'inspect' | 'every-eval-ever'
  readonly sha256: string
  readonly bytes: number
}
