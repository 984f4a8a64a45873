import { type Found, findText, isNumberToken, type LogNode, memberOf } from '../json/log-node.ts'
import { Count, type Kept } from '../json/shape.ts'
import { findCount } from '../numbers.ts'
import { findName } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'

/** Results of one benchmark under one condition. */
export interface ResultGroup {
  /** Benchmark name; empty where the record has none that can be taken over. */
  readonly name: string
  readonly origin: string
  readonly first: LogNode
  readonly results: readonly LogNode[]
}

/** Results belong together by dataset, before 0.2 by their own name, and by what is known of how they were made. */
export function groupResults(results: readonly LogNode[], warnings: WarningLog): ResultGroup[] {
  const groups = new Map<string, { name: string; origin: string; results: LogNode[]; first: LogNode }>()
  for (const result of results) {
    const found = benchmarkOf(result, warnings)
    const key = JSON.stringify([found?.value ?? result.origin, plainOf(memberOf(result, 'generation_config').value)])
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, {
        name: found?.value ?? '',
        origin: found?.origin ?? result.origin,
        results: [result],
        first: result,
      })
    } else {
      group.results.push(result)
    }
  }
  return [...groups.values()]
}

function benchmarkOf(result: LogNode, warnings: WarningLog): Found<string> | undefined {
  const dataset = memberOf(result, 'source_data', 'dataset_name')
  if (findText(dataset) !== undefined) return findName(dataset, 'a dataset', warnings, 2)
  return findName(memberOf(result, 'evaluation_name'), 'an evaluation', warnings, 2)
}

/** What was kept, as plain data, to compare by. */
function plainOf(value: Kept | undefined): unknown {
  if (value instanceof Map) return [...value].map(([name, part]) => [name, plainOf(part)])
  if (Array.isArray(value)) return value.map(plainOf)
  return isNumberToken(value) ? value.token : value
}

/**
 * Items behind the results of a group: what the uncertainty counts, else the sample ids, else the rows of single answers
 * where the record has one result. The size of the dataset is no count of tested items.
 */
export function sizeOf(
  record: LogNode,
  group: ResultGroup,
  groups: number,
  warnings: WarningLog,
): Found<number> | undefined {
  const data = memberOf(group.first, 'source_data')
  const ids = memberOf(data, 'sample_ids')
  const listed =
    ids.value instanceof Count && ids.value.items > 0 ? { value: ids.value.items, origin: ids.origin } : undefined
  const single = groups === 1 && group.results.length === 1
  const rows = single ? findCount(memberOf(record, 'detailed_evaluation_results', 'total_rows')) : undefined
  const counted = single ? findCount(memberOf(group.first, 'score_details', 'uncertainty', 'num_samples')) : undefined
  const known = [counted, listed, rows].filter((found) => found !== undefined)
  const [size] = known
  const other = known.find((found) => found.value !== size?.value)
  if (size !== undefined && other !== undefined) {
    warnings.add('sample-count-mismatch', `${size.origin} says ${size.value}, ${other.origin} says ${other.value}`)
  }
  return size
}
