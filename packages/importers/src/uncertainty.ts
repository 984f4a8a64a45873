import type { Measure } from '@concordance/protocol'
import type { WarningLog } from './warnings.ts'

/** One measure on its way into a draft. */
export interface MeasureDraft {
  readonly fields: Measure
  /** By field of the measure, such as `value`. */
  readonly origins: Record<string, string>
  /** True where the value is the share of items scored 1 among items scored 0 or 1, each run once. */
  readonly binary: boolean
  /** Names the measure in warnings; holds no text of the log that was not checked. */
  readonly name: string
}

/**
 * Gives a measure without a standard error the binomial one of its n, and says that it is derived. At 0 and 1 the formula
 * yields 0, which would be the largest possible weight for the least informative result; there none is given.
 */
export function deriveStandardError(measure: MeasureDraft, warnings: WarningLog): MeasureDraft {
  const { fields, origins, binary, name } = measure
  if (fields.se !== undefined) return measure
  const scale = fields.unit === 'percent' ? 100 : 1
  const share = fields.value / scale
  if (!binary || fields.n === null || fields.n === 0 || share <= 0 || share >= 1 || !isShareOf(fields.n, fields)) {
    warnings.add('se-not-available', `${name}: no standard error is stated and none can be derived`)
    return measure
  }
  warnings.add('se-derived', `${name}: the standard error is derived from n = ${fields.n}, the log states none`)
  return {
    ...measure,
    fields: { ...fields, se: scale * Math.sqrt((share * (1 - share)) / fields.n), seMethod: 'derived-binomial' },
    origins: {
      ...origins,
      se: `derived:binomial(${origins.value}, ${origins.n})`,
      seMethod: 'importer#derived-binomial',
    },
  }
}

/** Whether some whole number of n items yields the value, as finely as the source spells it: 0.75 is no share of 1 item. */
function isShareOf(n: number, { value, sourceValue, unit }: Measure): boolean {
  const plain = /^\d+(?:\.(\d+))?$/.exec(sourceValue ?? '')
  const rounding = plain === null ? 0 : 0.5 * 10 ** -(plain[1]?.length ?? 0)
  const scale = unit === 'percent' ? 100 : 1
  const nearest = (scale * Math.round((value * n) / scale)) / n
  return Math.abs(nearest - value) <= rounding + 1e-9
}
