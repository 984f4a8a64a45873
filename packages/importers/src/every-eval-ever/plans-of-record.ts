import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, newDraft, setField, takeField } from '../draft.ts'
import type { DraftPlan } from '../draft-plan.ts'
import { ImportError } from '../error.ts'
import { type Found, findText, type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { limits } from '../limits.ts'
import { findCount } from '../numbers.ts'
import { findVersion } from '../take-name.ts'
import { findTimestamp } from '../timestamps.ts'
import type { MeasureDraft } from '../uncertainty.ts'
import type { WarningLog } from '../warnings.ts'
import { setCondition } from './condition.ts'
import { measuresOfGroup } from './measures.ts'
import { groupResults, type ResultGroup, sizeOf } from './results.ts'
import { setSource, setSubject } from './source.ts'

/**
 * Reads a record: one draft for each benchmark and condition in it, its results as measures. A benchmark reported in
 * parts (languages, subjects) stays one draft, so that its total and its parts are never taken for separate evidence.
 *
 * @throws {ImportError} `FORMAT_VERSION`, `FIELD_MISSING` or `NO_MEASURES`.
 */
export function plansOfRecord(record: LogNode, warnings: WarningLog): DraftPlan[] {
  requireVersion(record)
  const results = listItems(memberOf(record, 'evaluation_results'))
  if (results.length === 0) throw new ImportError('RUN_UNSCORED', 'the record has no results')
  const groups = groupResults(results, warnings)
  if (groups.length > limits.drafts) throw new ImportError('JSON_TOO_LARGE', `holds ${groups.length} benchmarks`)
  const plans = groups
    .map((group) => planOfGroup(record, group, groups.length, warnings))
    .filter((plan) => plan !== undefined)
  if (plans.length === 0) throw new ImportError('NO_MEASURES', 'no result of the record can be taken over exactly')
  return plans
}

function requireVersion(record: LogNode): void {
  const version = findText(memberOf(record, 'schema_version'))
  if (version === undefined) throw new ImportError('FIELD_MISSING', '/schema_version is missing')
  if (!/^0\.[0-3]\.\d{1,3}$/.test(version.value))
    throw new ImportError('FORMAT_VERSION', 'this schema version is not known here')
}

function planOfGroup(record: LogNode, group: ResultGroup, groups: number, warnings: WarningLog): DraftPlan | undefined {
  const size = sizeOf(record, group, groups, warnings)
  const measures = measuresOfGroup(group, size, warnings)
  if (measures.length === 0) return undefined
  const draft = newDraft()
  const suggestions = new Map<string, JsonValue>([['/subject/kind', 'model']])
  setSubject(draft, record, warnings)
  setSource(draft, record, suggestions, warnings)
  setTime(draft, record, group, warnings)
  setBenchmark(draft, group, suggestions)
  setCondition(draft, group, suggestions, warnings)
  setSampling(draft, group, size, suggestions)
  setLanguages(draft, measures)
  return { key: group.name, draft, measures, suggestions }
}

function setTime(draft: DraftBuilder, record: LogNode, group: ResultGroup, warnings: WarningLog): void {
  const nodes = [
    ...group.results.map((result) => memberOf(result, 'evaluation_timestamp')),
    memberOf(record, 'evaluation_timestamp'),
  ]
  const times = nodes.map((node) => findTimestamp(node, warnings)).filter((found) => found !== undefined)
  const [time] = times
  if (time === undefined || times.some(({ value }) => value !== time.value)) {
    setField(draft, '/testedFrom', null, 'importer#not-stated')
    setField(draft, '/testedTo', null, 'importer#not-stated')
  } else {
    takeField(draft, '/testedFrom', time)
    setField(draft, '/testedTo', null, 'importer#not-stated')
  }
}

function setBenchmark(draft: DraftBuilder, group: ResultGroup, suggestions: Map<string, JsonValue>): void {
  if (group.name === '') return
  const data = memberOf(group.first, 'source_data')
  setField(draft, '/benchmark/name', group.name, group.origin)
  setField(draft, '/protocol/name', group.name, group.origin)
  suggestions.set('/protocol/name', group.name)
  takeField(draft, '/benchmark/split', findVersion(memberOf(data, 'hf_split')))
  const revision = findVersion(memberOf(data, 'hf_revision')) ?? findVersion(memberOf(data, 'source_version'))
  takeField(draft, '/benchmark/version', revision)
  takeField(draft, '/benchmark/itemsTotal', findCount(memberOf(data, 'samples_number')))
}

function setSampling(
  draft: DraftBuilder,
  group: ResultGroup,
  size: Found<number> | undefined,
  suggestions: Map<string, JsonValue>,
): void {
  setField(draft, '/sampling/items', size?.value ?? null, size?.origin ?? 'importer#not-stated')
  setField(draft, '/sampling/itemsExcluded', [], 'importer#none-named')
  setField(draft, '/sampling/epochs', null, 'importer#not-stated')
  const total = findCount(memberOf(group.first, 'source_data', 'samples_number'))
  if (total === undefined) return
  if (size === undefined) suggestions.set('/sampling/items', total.value)
  else if (total.value === size.value) setField(draft, '/sampling/frame', 'all', total.origin)
}

/** A benchmark reported by language was run in these languages. */
function setLanguages(draft: DraftBuilder, measures: readonly MeasureDraft[]): void {
  const languages = new Map<string, string>()
  for (const { fields, origins } of measures) {
    if (fields.subgroup?.dimension === 'language') languages.set(fields.subgroup.value, origins.subgroup ?? '')
  }
  for (const [index, [tag, origin]] of [...languages].entries()) setField(draft, `/languages/${index}`, tag, origin)
}
