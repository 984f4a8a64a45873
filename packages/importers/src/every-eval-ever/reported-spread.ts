import type { Measure } from '@concordance/protocol'
import { type Found, findText, findToken, type LogNode, memberOf } from '../json/log-node.ts'
import { addExactly, findNumber, parseNumber } from '../numbers.ts'
import type { WarningLog } from '../warnings.ts'
import type { Score } from './measures.ts'

type StandardError = {
  readonly fields: Pick<Measure, 'seMethod'> & { se: number }
  readonly origins: Record<string, string>
}

/** The standard error a record states, with the method it names. */
export function readStandardErrorOf(result: LogNode, warnings: WarningLog): StandardError | undefined {
  const node = memberOf(result, 'score_details', 'uncertainty', 'standard_error')
  const found = findToken(memberOf(node, 'value'))
  if (found === undefined) return undefined
  const se = parseNumber(found.value)
  if (typeof se !== 'number' || se < 0) {
    warnings.add('se-not-finite', `${found.origin} cannot be taken over`)
    return undefined
  }
  if (se === 0)
    warnings.add(
      'se-zero',
      `${found.origin}: a standard error of 0 says that there were too few or equal scores, not that the value is certain`,
    )
  const method = findText(memberOf(node, 'method'))?.value ?? ''
  const seMethod = /bootstrap/i.test(method) ? 'bootstrap' : /cluster/i.test(method) ? 'clustered' : 'reported-clt'
  return { fields: { se, seMethod }, origins: { se: found.origin, seMethod: node.origin } }
}

type Interval = NonNullable<Measure['interval']>

/**
 * The interval of a result, from both places records have put it. Some state the two margins (-0.0277 and 0.0277) for the
 * bounds: they are added to the score, without rounding.
 */
export function readIntervalOf(result: LogNode, score: Score, warnings: WarningLog): Found<Interval> | undefined {
  const details = memberOf(result, 'score_details')
  const inner = memberOf(details, 'uncertainty', 'confidence_interval')
  const node = inner.value === undefined ? memberOf(details, 'confidence_interval') : inner
  if (node.value === undefined) return undefined
  const [lower, upper] = [findToken(memberOf(node, 'lower')), findToken(memberOf(node, 'upper'))]
  const bounds = lower === undefined || upper === undefined ? undefined : boundsOf(lower.value, upper.value, score)
  if (bounds === undefined || bounds.low > score.value || bounds.high < score.value) {
    warnings.add('interval-refused', `${node.origin} is no interval around its score`)
    return undefined
  }
  if (bounds.margin) warnings.add('interval-as-margin', `${node.origin} states margins: they were added to the score`)
  if (bounds.low === bounds.high)
    warnings.add('interval-zero-width', `${node.origin} has no width: too few or equal scores, not certainty`)
  const { low, high } = bounds
  return { value: { low, high, ...levelOf(node), ...methodOf(node) }, origin: node.origin }
}

function boundsOf(
  lower: string,
  upper: string,
  score: Score,
): { low: number; high: number; margin: boolean } | undefined {
  const [low, high] = [parseNumber(lower), parseNumber(upper)]
  if (typeof low !== 'number' || typeof high !== 'number' || low > high) return undefined
  const margin = low < 0 && high > 0 && low === -high && score.value > high
  if (!margin) return { low, high, margin }
  return { low: addExactly(score.token, lower), high: addExactly(score.token, upper), margin }
}

function levelOf(node: LogNode): { level?: number } {
  const level = findNumber(memberOf(node, 'confidence_level'))?.value
  return level !== undefined && level > 0 && level < 1 ? { level } : {}
}

function methodOf(node: LogNode): { method?: string } {
  const method = findText(memberOf(node, 'method'))?.value
  return method !== undefined && method !== 'unknown' && /^[a-z][a-z0-9 _-]{0,59}$/i.test(method) ? { method } : {}
}
