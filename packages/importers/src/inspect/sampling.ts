import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, setField, takeField } from '../draft.ts'
import { ImportError } from '../error.ts'
import { type Found, findBoolean, findText, type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { findCount } from '../numbers.ts'
import { findName } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'
import type { InspectLog } from './inspect-log.ts'

/** How much was run: samples are items times epochs. */
export interface Counts {
  readonly epochs: Found<number>
  /** Items of which every epoch was completed; `undefined` where the numbers do not divide. */
  readonly items: Found<number> | undefined
  readonly samples: Found<number>
  readonly completed: Found<number>
}

/** @throws {ImportError} `FIELD_MISSING` or `LOG_INCONSISTENT`. */
export function readCounts(log: InspectLog, warnings: WarningLog): Counts {
  const results = memberOf(log.header, 'results')
  const samples = getCount(memberOf(results, 'total_samples'))
  const completed = getCount(memberOf(results, 'completed_samples'))
  const epochs = findCount(memberOf(log.header, 'eval', 'config', 'epochs')) ?? {
    value: 1,
    origin: 'importer#default-of-inspect',
  }
  if (completed.value > samples.value)
    throw new ImportError('LOG_INCONSISTENT', 'more samples completed than there are')
  if (epochs.value === 0) throw new ImportError('LOG_INCONSISTENT', '/eval/config/epochs is 0')
  const divides = completed.value % epochs.value === 0
  if (!divides)
    warnings.add('sample-count-mismatch', `${completed.value} samples are not a multiple of ${epochs.value} epochs`)
  compareSamples(log, completed.value, warnings)
  const items = { value: completed.value / epochs.value, origin: `${completed.origin} / ${epochs.origin}` }
  return { epochs, samples, completed, items: divides ? (epochs.value === 1 ? completed : items) : undefined }
}

function getCount(node: LogNode): Found<number> {
  const found = findCount(node)
  if (found !== undefined) return found
  throw new ImportError(node.value === undefined ? 'FIELD_MISSING' : 'FIELD_MALFORMED', `${node.origin} is no count`)
}

function compareSamples(log: InspectLog, completed: number, warnings: WarningLog): void {
  if (log.samplesInFile === undefined || log.samplesInFile === completed) return
  warnings.add(
    'samples-incomplete',
    `the file holds ${log.samplesInFile} of ${completed} samples: its metrics cannot be recomputed from it`,
  )
}

export function setSampling(
  draft: DraftBuilder,
  log: InspectLog,
  counts: Counts,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): void {
  takeField(draft, '/sampling/items', counts.items)
  takeField(draft, '/sampling/epochs', counts.epochs)
  setExcluded(draft, log, counts)
  setReducer(draft, log, warnings)
  setFrame(draft, log, counts, suggestions, warnings)
}

function setExcluded(draft: DraftBuilder, log: InspectLog, counts: Counts): void {
  const left = counts.samples.value - counts.completed.value
  const unscored = listItems(memberOf(log.header, 'results', 'scores'))
    .map((score) => findCount(memberOf(score, 'unscored_samples')))
    .reduce((most, found) => ((found?.value ?? 0) > (most?.value ?? 0) ? found : most), undefined)
  const excluded: { reason: string; count: Found<number> }[] = []
  if (left > 0)
    excluded.push({
      reason: 'samples not completed',
      count: { value: left, origin: `${counts.samples.origin} - ${counts.completed.origin}` },
    })
  if (unscored !== undefined && unscored.value > 0) excluded.push({ reason: 'unscored', count: unscored })
  if (excluded.length === 0) setField(draft, '/sampling/itemsExcluded', [], counts.completed.origin)
  for (const [index, { reason, count }] of excluded.entries()) {
    setField(draft, `/sampling/itemsExcluded/${index}`, { reason, count: count.value }, count.origin)
  }
}

function setReducer(draft: DraftBuilder, log: InspectLog, warnings: WarningLog): void {
  const node = memberOf(log.header, 'eval', 'config', 'epochs_reducer')
  const names = listItems(node).map((item) => findName(item, 'an epoch reducer', warnings)?.value)
  if (names.length === 0 || names.includes(undefined)) return
  setField(draft, '/sampling/epochReducer', names.join(', '), node.origin)
}

/** The dataset's size is the whole set even where a limit cut it. */
function setFrame(
  draft: DraftBuilder,
  log: InspectLog,
  counts: Counts,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): void {
  const spec = memberOf(log.header, 'eval')
  const total = findCount(memberOf(spec, 'dataset', 'samples'))
  const items = counts.items?.value
  if (total === undefined || items === undefined) return
  if (total.value < items) {
    warnings.add('dataset-count-mismatch', `the dataset counts ${total.value} items, ${items} were tested`)
    return
  }
  if (findText(memberOf(spec, 'dataset', 'name')) !== undefined && 'benchmark' in draft.content) {
    takeField(draft, '/benchmark/itemsTotal', total)
  }
  const shuffled = findBoolean(memberOf(spec, 'dataset', 'shuffled'))
  const chosen = memberOf(spec, 'config', 'sample_id').value !== undefined
  const limit = findCount(memberOf(spec, 'config', 'limit'))
  if (total.value === items) setField(draft, '/sampling/frame', 'all', total.origin)
  else if (!chosen && limit?.value === items && shuffled?.value === false)
    setField(draft, '/sampling/frame', 'first-n', limit.origin)
  else if (!chosen && limit?.value === items && shuffled?.value === true)
    setField(draft, '/sampling/frame', 'random', shuffled.origin)
  else suggestions.set('/sampling/frame', 'first-n')
}
