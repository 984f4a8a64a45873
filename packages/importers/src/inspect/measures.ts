import type { Measure } from '@concordance/protocol'
import { ImportError } from '../error.ts'
import { type Found, findText, findToken, type LogNode, listItems, listMembers, memberOf } from '../json/log-node.ts'
import { limits } from '../limits.ts'
import { faultOfName } from '../names.ts'
import { findCount, parseNumber } from '../numbers.ts'
import type { MeasureDraft } from '../uncertainty.ts'
import type { WarningLog } from '../warnings.ts'
import type { InspectLog } from './inspect-log.ts'
import { attachSpread, type Metric, roleOf } from './metrics.ts'
import type { Counts } from './sampling.ts'
import { ScoreTally } from './tally.ts'

/** One entry of `results.scores`: a scorer (or one key of its scores), under one epoch reducer. */
interface ScoreEntry {
  readonly node: LogNode
  readonly name: string
  readonly scorer: string
  readonly reducer: string | undefined
  readonly metrics: readonly Metric[]
}

/**
 * Takes every point metric over with its number exactly as the log has it, and attaches to it the spread the log reports.
 *
 * @throws {ImportError} `NO_MEASURES` or `LOG_INCONSISTENT`.
 */
export function measuresOfLog(log: InspectLog, counts: Counts, warnings: WarningLog): MeasureDraft[] {
  const entries = scoreEntries(log.header, warnings)
  const reducers = new Set(entries.map((entry) => entry.reducer))
  const measures = entries.flatMap((entry) =>
    entry.metrics
      .filter((metric) => roleOf(metric) === 'point')
      .map((metric) => measureOf(metric, { entry, log, counts, severalReducers: reducers.size > 1 }, warnings))
      .filter((measure) => measure !== undefined),
  )
  if (measures.length === 0) throw new ImportError('NO_MEASURES', 'no metric of the log can be taken over exactly')
  if (measures.length > limits.measures) throw new ImportError('JSON_TOO_LARGE', `holds ${measures.length} metrics`)
  return measures
}

function scoreEntries(header: LogNode, warnings: WarningLog): ScoreEntry[] {
  const results = memberOf(header, 'results')
  const entries = listItems(memberOf(results, 'scores'))
  const nodes = entries.length > 0 ? entries : [results] // logs of 2024 have one scorer, in `results` itself
  return nodes.map((node) => {
    const scorer = findText(memberOf(node, 'scorer')) ?? findText(memberOf(node, 'scorer', 'name'))
    return {
      node,
      name: findText(memberOf(node, 'name'))?.value ?? scorer?.value ?? '',
      scorer: scorer?.value ?? '',
      reducer: findText(memberOf(node, 'reducer'))?.value,
      metrics: metricsOf(memberOf(node, 'metrics'), header, warnings),
    }
  })
}

function metricsOf(node: LogNode, header: LogNode, warnings: WarningLog): Metric[] {
  const definitions = listItems(memberOf(header, 'eval', 'scorers')).flatMap((scorer) =>
    listItems(memberOf(scorer, 'metrics')),
  )
  const clustered = definitions.some((definition) => memberOf(definition, 'options', 'cluster').value === true)
  const grouped = definitions.some((definition) =>
    /(^|\/)grouped$/.test(findText(memberOf(definition, 'name'))?.value ?? ''),
  )
  return listMembers(node).flatMap(({ name: key, node: entry }, index) => {
    if (faultOfName(key, 3) !== undefined) {
      warnings.add('metric-skipped', `${node.origin}: metric ${index} has a name that cannot be taken over`)
      return []
    }
    return [{ key: key.slice(key.lastIndexOf('/') + 1), node: entry, clustered, grouped, siblings: node }]
  })
}

interface Context {
  readonly entry: ScoreEntry
  readonly log: InspectLog
  readonly counts: Counts
  readonly severalReducers: boolean
}

function measureOf(metric: Metric, context: Context, warnings: WarningLog): MeasureDraft | undefined {
  const { entry, severalReducers } = context
  const value = readValue(metric, warnings)
  if (value === undefined) return undefined
  const group = groupOf(metric)
  const spread = attachSpread(metric, warnings)
  const size = sizeOf(metric, context, group !== undefined, warnings)
  const checked = group === undefined ? checkOf(metric, value.value, context, warnings) : undefined
  const base = vocabularyOf(metric, value.value)
  const suffix = severalReducers && entry.reducer !== undefined ? `:${entry.reducer}` : ''
  const fields: Measure = {
    metricId: `${metric.key}${suffix}`,
    label: labelOf(entry, metric),
    ...base,
    value: value.value,
    sourceValue: value.token,
    n: size?.value ?? null,
    seMethod: 'not-available',
    ...spread.fields,
    ...(group === undefined ? {} : { subgroup: { dimension: 'group', value: group.value } }),
    check: checked ?? 'not-recomputable',
  }
  if (fields.direction === 'neutral')
    warnings.add('direction-unstated', `${metric.node.origin}: the log does not say which direction is better`)
  const valueOrigin = value.origin
  return {
    fields,
    origins: {
      metricId: metric.node.origin,
      label: metric.node.origin,
      value: valueOrigin,
      sourceValue: valueOrigin,
      n: size?.origin ?? 'importer#not-stated',
      seMethod: 'importer#not-stated',
      check: 'derived:check(reductions)',
      ...(group === undefined ? {} : { subgroup: group.origin }),
      ...spread.origins,
    },
    binary: isBinary(metric, context, value.value, size?.value, group !== undefined),
    name: metric.node.origin,
  }
}

function readValue(metric: Metric, warnings: WarningLog): { value: number; token: string; origin: string } | undefined {
  const node = memberOf(metric.node, 'value')
  const found = findToken(node)
  if (found === undefined) {
    warnings.add('value-missing', `${node.origin} is no number`)
    return undefined
  }
  const value = parseNumber(found.value)
  if (typeof value !== 'number') {
    warnings.add(value === 'inexact' ? 'value-inexact' : 'value-not-finite', `${node.origin} cannot be taken over`)
    return undefined
  }
  if (metric.key === 'accuracy' && (value < 0 || value > 1)) {
    throw new ImportError('LOG_INCONSISTENT', `${node.origin}: an accuracy outside 0 and 1`)
  }
  return { value, token: found.value, origin: found.origin }
}

type Vocabulary = Pick<Measure, 'kind' | 'unit' | 'direction' | 'min' | 'max'>

function vocabularyOf(metric: Metric, value: number): Vocabulary {
  if (metric.key === 'accuracy' || (metric.key.endsWith('_accuracy') && value >= 0 && value <= 1)) {
    return { kind: 'proportion', unit: 'proportion', direction: 'higher-better', min: 0, max: 1 }
  }
  return { kind: metric.key === 'mean' ? 'mean' : 'other', unit: 'score', direction: 'neutral' }
}

/** The group of a grouped metric: named by newer logs, part of the metric's name in others. */
function groupOf(metric: Metric): Found<string> | undefined {
  const named = findText(memberOf(metric.node, 'group'))
  if (named !== undefined)
    return faultOfName(named.value) === undefined ? named : { value: 'unnamed', origin: named.origin }
  const isGroup = metric.grouped && !['accuracy', 'mean', 'all'].includes(metric.key)
  return isGroup ? { value: metric.key, origin: metric.node.origin } : undefined
}

function labelOf(entry: ScoreEntry, metric: Metric): string {
  const parts = [entry.scorer, entry.name === entry.scorer ? '' : entry.name].filter(
    (part) => part !== '' && faultOfName(part, 2) === undefined,
  )
  return [...[...parts, metric.key].join(': ')].slice(0, 100).join('')
}

/** Items behind a metric. A group's size is not in the log. */
function sizeOf(metric: Metric, context: Context, isGroup: boolean, warnings: WarningLog): Found<number> | undefined {
  if (isGroup) {
    warnings.add('group-size-unknown', `${metric.node.origin}: the log does not say how many items the group has`)
    return undefined
  }
  const { entry, counts } = context
  const scored = findCount(memberOf(entry.node, 'scored_samples'))
  const tally = tallyOf(context)
  if (scored !== undefined && tally !== undefined && tally.tally.items !== scored.value) {
    warnings.add(
      'sample-count-mismatch',
      `${scored.origin} says ${scored.value}, the reduced scores are ${tally.tally.items}`,
    )
  }
  return (
    scored ?? counts.items ?? (tally === undefined ? undefined : { value: tally.tally.items, origin: tally.origin })
  )
}

function tallyOf({ entry, log }: Context): { tally: ScoreTally; origin: string } | undefined {
  for (const node of listItems(log.reductions)) {
    const samples = memberOf(node, 'samples')
    const same =
      findText(memberOf(node, 'scorer'))?.value === entry.scorer &&
      findText(memberOf(node, 'reducer'))?.value === entry.reducer
    if (same && samples.value instanceof ScoreTally) return { tally: samples.value, origin: samples.origin }
  }
  return undefined
}

/** Accuracy and mean are means of the reduced scores; where these are in the log, the number is checked against them. */
function checkOf(metric: Metric, value: number, context: Context, warnings: WarningLog): Measure['check'] {
  const found = tallyOf(context)
  const isMean = metric.key === 'accuracy' || metric.key === 'mean'
  if (!isMean || found === undefined || found.tally.items === 0 || found.tally.numeric !== found.tally.items)
    return 'not-recomputable'
  const difference = Math.abs(found.tally.sum / found.tally.items - value)
  if (difference <= 1e-9 * Math.max(1, Math.abs(value))) return 'matches'
  warnings.add('recomputed-differs', `${metric.node.origin} is not the mean of the scores in the log`)
  return 'mismatch'
}

/** Whether the binomial formula fits: a share of 0/1 scores, each item run once. */
function isBinary(metric: Metric, context: Context, value: number, n: number | undefined, isGroup: boolean): boolean {
  if (metric.key !== 'accuracy' || isGroup || context.counts.epochs.value !== 1 || n === undefined) return false
  const tally = tallyOf(context)?.tally
  if (tally !== undefined) return tally.items === n && tally.zerosAndOnes === n
  return Math.abs(value * n - Math.round(value * n)) <= 1e-6
}
