import type { Measure } from '@concordance/protocol'
import { ImportError } from '../error.ts'
import { findToken, type LogNode, listMembers, memberOf } from '../json/log-node.ts'
import { findNumber, parseNumber } from '../numbers.ts'
import type { WarningLog } from '../warnings.ts'

/** One metric of a score, under its name without the package it comes from. */
export interface Metric {
  readonly key: string
  readonly node: LogNode
  /** Whether a standard error of this log is defined over clusters. */
  readonly clustered: boolean
  /** Whether this log has metrics by group. */
  readonly grouped: boolean
  /** The object all metrics of the score stand in. */
  readonly siblings: LogNode
}

export type Role = 'point' | 'se' | 'sd' | 'variance' | 'low' | 'high'

const roles: readonly [RegExp, Role][] = [
  [/^(.*_)?(stderr|bootstrap_stderr)$/, 'se'],
  [/^(.*_)?std$/, 'sd'],
  [/^(.*_)?var$/, 'variance'],
  [/^(ci_)?lower$/, 'low'],
  [/^(ci_)?upper$/, 'high'],
]

/** Standard errors, deviations and bounds belong to a point metric; everything else is one. */
export function roleOf(metric: Pick<Metric, 'key'>): Role {
  return roles.find(([form]) => form.test(metric.key.replace(/\d+$/, '')))?.[1] ?? 'point'
}

export interface Spread {
  readonly fields: Partial<Measure>
  readonly origins: Record<string, string>
}

/**
 * The spread the log reports for a point metric: of the same group, `stderr` with `accuracy` and `mean`, `x_stderr` with
 * `x`, `x_acc` and `x_accuracy`.
 *
 * @throws {ImportError} `LOG_INCONSISTENT` where it cannot be one.
 */
export function attachSpread(metric: Metric, warnings: WarningLog): Spread {
  const stems = stemsOf(metric.key)
  const find = (...endings: string[]) =>
    findSibling(
      metric,
      stems.flatMap((stem) => endings.map((ending) => `${stem}${ending}`)),
    )
  const parts = [
    standardError(metric, find('stderr'), find('bootstrap_stderr'), warnings),
    standardDeviation(find('std')),
    interval(find('lower', 'ci_lower'), find('upper', 'ci_upper'), warnings),
  ]
  return {
    fields: Object.assign({}, ...parts.map((part) => part.fields)),
    origins: Object.assign({}, ...parts.map((part) => part.origins)),
  }
}

/** What the names of a metric's spread begin with. */
function stemsOf(key: string): string[] {
  if (key === 'accuracy' || key === 'mean') return ['']
  return [`${key}_`, key.replace(/(acc|accuracy|mean)$/, '')].filter((stem) => stem.endsWith('_'))
}

function findSibling(metric: Metric, keys: readonly string[]): LogNode | undefined {
  const group = memberOf(metric.node, 'group').value
  return listMembers(metric.siblings).find(
    ({ name, node }) => keys.includes(name.slice(name.lastIndexOf('/') + 1)) && memberOf(node, 'group').value === group,
  )?.node
}

const none: Spread = { fields: {}, origins: {} }

function standardError(
  metric: Metric,
  reported: LogNode | undefined,
  bootstrapped: LogNode | undefined,
  warnings: WarningLog,
): Spread {
  const node = reported ?? bootstrapped
  const found = node === undefined ? undefined : findToken(memberOf(node, 'value'))
  if (node === undefined || found === undefined) return none
  const se = parseNumber(found.value)
  if (typeof se !== 'number') {
    warnings.add('se-not-finite', `${found.origin} cannot be taken over`)
    return none
  }
  if (se < 0) throw new ImportError('LOG_INCONSISTENT', `${found.origin}: a standard error below 0`)
  if (se === 0)
    warnings.add(
      'se-zero',
      `${found.origin}: a standard error of 0 says that there were too few or equal scores, not that the value is certain`,
    )
  const seMethod = reported === undefined ? 'bootstrap' : isClustered(metric, node) ? 'clustered' : 'reported-clt'
  return { fields: { se, seMethod }, origins: { se: found.origin, seMethod: node.origin } }
}

function isClustered(metric: Metric, node: LogNode): boolean {
  return (
    metric.clustered ||
    memberOf(node, 'params', 'cluster').value === true ||
    memberOf(node, 'options', 'cluster').value === true
  )
}

function standardDeviation(node: LogNode | undefined): Spread {
  const sd = node === undefined ? undefined : findNumber(memberOf(node, 'value'))
  if (sd === undefined) return none
  if (sd.value < 0) throw new ImportError('LOG_INCONSISTENT', `${sd.origin}: a standard deviation below 0`)
  return { fields: { sd: sd.value }, origins: { sd: sd.origin } }
}

function interval(lower: LogNode | undefined, upper: LogNode | undefined, warnings: WarningLog): Spread {
  if (lower === undefined || upper === undefined) return none
  const low = findNumber(memberOf(lower, 'value'))
  const high = findNumber(memberOf(upper, 'value'))
  if (low === undefined || high === undefined || low.value > high.value) {
    warnings.add('interval-refused', `${lower.origin} and its upper bound are no interval`)
    return none
  }
  const level = findNumber(memberOf(lower, 'params', 'level'))?.value
  const stated = level !== undefined && level > 0 && level < 1 ? { level } : {}
  return {
    fields: { interval: { low: low.value, high: high.value, ...stated } },
    origins: { interval: low.origin },
  }
}
