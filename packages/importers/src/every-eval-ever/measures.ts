import type { Measure } from '@concordance/protocol'
import { type Found, findBoolean, findText, findToken, type LogNode, memberOf } from '../json/log-node.ts'
import { findLanguage } from '../languages.ts'
import { faultOfName } from '../names.ts'
import { findCount, findNumber, parseNumber } from '../numbers.ts'
import type { MeasureDraft } from '../uncertainty.ts'
import type { WarningLog } from '../warnings.ts'
import { isShareOfItems, type MetricName, metricOf } from './metric.ts'
import { readIntervalOf, readStandardErrorOf } from './reported-spread.ts'
import type { ResultGroup } from './results.ts'

/** Every result of a group that can be taken over, with its number exactly as the record has it. */
export function measuresOfGroup(
  group: ResultGroup,
  size: Found<number> | undefined,
  warnings: WarningLog,
): MeasureDraft[] {
  const parts = group.results.map((result) => partOf(result, group))
  if (parts.includes(undefined) && parts.some((part) => part !== undefined)) {
    warnings.add(
      'overall-and-parts',
      `${group.origin}: a total stands beside its parts, which must not be counted twice`,
    )
  }
  return group.results
    .map((result, index) => measureOf(result, parts[index], size, warnings))
    .filter((measure) => measure !== undefined)
}

type Part = { readonly dimension: 'language' | 'part'; readonly value: string }

/** Which part of the benchmark a result is about; `undefined` for the whole. */
function partOf(result: LogNode, group: ResultGroup): Part | undefined {
  const name = findText(memberOf(result, 'evaluation_name'))?.value ?? ''
  if (group.results.length === 1 || isOverall(name, group.name)) return undefined
  const language = findLanguage(name)
  if (language !== undefined) return { dimension: 'language', value: language }
  return {
    dimension: 'part',
    value: faultOfName(name, 2) === undefined ? name : `result ${group.results.indexOf(result)}`,
  }
}

function isOverall(name: string, benchmark: string): boolean {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return bare(name) === bare(benchmark) || ['score', 'overall', 'average', 'mean', 'total'].includes(bare(name))
}

function measureOf(
  result: LogNode,
  part: Part | undefined,
  size: Found<number> | undefined,
  warnings: WarningLog,
): MeasureDraft | undefined {
  const score = scoreOf(result, warnings)
  if (score === undefined) return undefined
  const metric = metricOf(result, warnings)
  const scale = scaleOf(result, metric, score, warnings)
  if (scale === undefined) return undefined
  const n =
    findCount(memberOf(result, 'score_details', 'uncertainty', 'num_samples')) ??
    (part === undefined ? size : undefined)
  const se = readStandardErrorOf(result, warnings)
  const interval = readIntervalOf(result, score, warnings)
  const sd = findNumber(memberOf(result, 'score_details', 'uncertainty', 'standard_deviation'))
  const name = memberOf(result, 'evaluation_name')
  const label = findText(name)
  const config = memberOf(result, 'metric_config').origin
  return {
    fields: {
      metricId: metric.id,
      label: label !== undefined && faultOfName(label.value, 2) === undefined ? label.value : metric.id,
      kind: kindOf(result, metric, scale.unit),
      ...scale,
      direction: directionOf(result, warnings),
      value: score.value,
      sourceValue: score.token,
      n: n?.value ?? null,
      seMethod: 'not-available',
      ...se?.fields,
      ...(interval === undefined ? {} : { interval: interval.value }),
      ...(sd === undefined || sd.value < 0 ? {} : { sd: sd.value }),
      ...(part === undefined ? {} : { subgroup: part }),
    },
    origins: {
      metricId: metric.origin,
      label: name.origin,
      kind: config,
      unit: config,
      direction: config,
      min: config,
      max: config,
      value: score.origin,
      sourceValue: score.origin,
      n: n?.origin ?? 'importer#not-stated',
      seMethod: 'importer#not-stated',
      ...se?.origins,
      ...(interval === undefined ? {} : { interval: interval.origin }),
      ...(sd === undefined ? {} : { sd: sd.origin }),
      ...(part === undefined ? {} : { subgroup: name.origin }),
    },
    binary: isShareOfItems(metric.id),
    name: result.origin,
  }
}

export interface Score {
  readonly value: number
  readonly token: string
  readonly origin: string
}

function scoreOf(result: LogNode, warnings: WarningLog): Score | undefined {
  const node = memberOf(result, 'score_details', 'score')
  const found = findToken(node)
  const value = found === undefined ? undefined : parseNumber(found.value)
  if (found === undefined || value === undefined) warnings.add('value-missing', `${node.origin} is no number`)
  else if (typeof value !== 'number')
    warnings.add(value === 'inexact' ? 'value-inexact' : 'value-not-finite', `${node.origin} cannot be taken over`)
  else if (value === -1 && memberOf(result, 'metric_config', 'has_unknown_level').value === true) {
    warnings.add('value-missing', `${node.origin} stands for an unknown level`)
  } else return { value, token: found.value, origin: found.origin }
  return undefined
}

type Scale = { readonly unit: string; readonly min?: number; readonly max?: number }

/** Unit and bounds. A number that its own unit or bounds contradict is not taken over: nobody can say which one is wrong. */
function scaleOf(result: LogNode, metric: MetricName, score: Score, warnings: WarningLog): Scale | undefined {
  const config = memberOf(result, 'metric_config')
  const min = findNumber(memberOf(config, 'min_score'))?.value
  const max = findNumber(memberOf(config, 'max_score'))?.value
  if ((min !== undefined && score.value < min) || (max !== undefined && score.value > max)) {
    warnings.add('value-out-of-range', `${score.origin} lies outside its own bounds`)
    return undefined
  }
  const unit = unitOf(config, metric, min, max)
  const contradicts =
    (unit === 'proportion' && ((max ?? 1) > 1 || score.value > 1 || score.value < 0)) ||
    (unit === 'percent' && max !== undefined && max <= 1)
  if (contradicts) {
    warnings.add('unit-contradiction', `${score.origin}: percent and proportion are mixed up in its description`)
    return undefined
  }
  if (unit === 'unstated') warnings.add('unit-unstated', `${score.origin}: the record does not say in which unit`)
  const ordered = min === undefined || max === undefined || min < max
  return { unit, ...(min === undefined || !ordered ? {} : { min }), ...(max === undefined || !ordered ? {} : { max }) }
}

function unitOf(config: LogNode, metric: MetricName, min: number | undefined, max: number | undefined): string {
  const stated = findText(memberOf(config, 'metric_unit'))?.value
  if (stated !== undefined && /^[a-z][a-z0-9_ /-]{0,39}$/i.test(stated)) return stated.toLowerCase()
  if (min === 0 && max === 1) return 'proportion'
  if (min === 0 && max === 100) return isShareOfItems(metric.id) ? 'percent' : 'points'
  return 'unstated'
}

function kindOf(result: LogNode, metric: MetricName, unit: string): Measure['kind'] {
  if (isShareOfItems(metric.id)) return 'proportion'
  if (metric.id === 'elo' || findText(memberOf(result, 'metric_config', 'metric_kind'))?.value === 'elo') return 'elo'
  if (findText(memberOf(result, 'metric_config', 'score_type'))?.value === 'levels') return 'ordinal'
  return unit === 'proportion' || unit === 'percent' || unit === 'points' ? 'mean' : 'other'
}

function directionOf(result: LogNode, warnings: WarningLog): Measure['direction'] {
  const node = memberOf(result, 'metric_config', 'lower_is_better')
  const lower = findBoolean(node)?.value
  if (lower !== undefined) return lower ? 'lower-better' : 'higher-better'
  warnings.add('direction-unstated', `${node.origin} does not say which direction is better`)
  return 'neutral'
}
