import type { LogNode } from '../json/log-node.ts'

/** What was kept of an Inspect log. */
export interface InspectLog {
  readonly header: LogNode
  /** Reduced scores, one list a scorer; without a value where the log has none. */
  readonly reductions: LogNode
  /** Samples found in the file; `undefined` where the file has no place for them. */
  readonly samplesInFile: number | undefined
}
