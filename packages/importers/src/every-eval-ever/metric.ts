import { findText, type LogNode, memberOf } from '../json/log-node.ts'
import { faultOfName } from '../names.ts'
import type { WarningLog } from '../warnings.ts'

export interface MetricName {
  readonly id: string
  readonly origin: string
}

/** Metrics as descriptions call them, from the more special to the more general. */
const vocabulary: readonly [RegExp, string][] = [
  [/\bmean win rate\b/i, 'mean_win_rate'],
  [/\bwin rate\b/i, 'win_rate'],
  [/\bpass@(\d+)\b/i, 'pass@$1'],
  [/\bbleu-?(\d)\b/i, 'bleu_$1'],
  [/\bexact match\b/i, 'exact_match'],
  [/^EM\b/, 'exact_match'],
  [/\bequivalent \(cot\)/i, 'equivalent_cot'],
  [/\bf1\b/i, 'f1'],
  [/\baccuracy\b/i, 'accuracy'],
  [/\belo\b/i, 'elo'],
]

/**
 * What a result measures: its metric id, in records before 0.2.2 a metric that its description or name
 * mentions. Descriptions themselves are free text and stay home.
 */
export function metricOf(result: LogNode, warnings: WarningLog): MetricName {
  const config = memberOf(result, 'metric_config')
  for (const member of ['metric_id', 'metric_name']) {
    const found = findText(memberOf(config, member))
    if (found !== undefined && faultOfName(found.value, 2) === undefined)
      return { id: found.value, origin: found.origin }
  }
  const texts = [memberOf(config, 'evaluation_description'), memberOf(result, 'evaluation_name')].map(findText)
  for (const text of texts.filter((found) => found !== undefined)) {
    const id = findInVocabulary(text.value)
    if (id !== undefined) return { id, origin: text.origin }
  }
  warnings.add('metric-unnamed', `${config.origin} does not name its metric`)
  return { id: 'score', origin: config.origin }
}

function findInVocabulary(text: string): string | undefined {
  for (const [form, id] of vocabulary) {
    const match = form.exec(text)
    if (match !== null) return id.replace('$1', match[1] ?? '')
  }
  return undefined
}

/** Metrics that are the share of items scored 1 among items scored 0 or 1. */
export function isShareOfItems(metricId: string): boolean {
  return ['accuracy', 'exact_match', 'equivalent_cot', 'pass@1', 'pass_rate', 'pass_at_1'].includes(
    metricId.toLowerCase(),
  )
}
