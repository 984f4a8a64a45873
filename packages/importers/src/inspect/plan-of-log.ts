import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, newDraft, setField, takeField } from '../draft.ts'
import type { DraftPlan } from '../draft-plan.ts'
import { ImportError } from '../error.ts'
import { findBoolean, findText, type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { findCount } from '../numbers.ts'
import { findName, findVersion } from '../take-name.ts'
import { findTimestamp } from '../timestamps.ts'
import type { WarningLog } from '../warnings.ts'
import { setApparatus } from './apparatus.ts'
import { setGrading } from './grading.ts'
import type { InspectLog } from './inspect-log.ts'
import { measuresOfLog } from './measures.ts'
import { readCounts, setSampling } from './sampling.ts'
import { setSubject } from './subject.ts'

/**
 * Reads one evaluation out of a log.
 *
 * @throws {ImportError} `FORMAT_VERSION`, `RUN_NOT_FINISHED`, `RUN_UNSCORED`, `NO_MEASURES`, `LOG_INCONSISTENT` or
 * `FIELD_…`.
 */
export function planOfInspectLog(log: InspectLog, warnings: WarningLog): DraftPlan {
  const { header } = log
  requireVersion(header)
  const status = requireResults(header)
  const spec = memberOf(header, 'eval')
  const draft = newDraft()
  const suggestions = new Map<string, JsonValue>()

  setSubject(draft, memberOf(spec, 'model'), suggestions, warnings)
  setTime(draft, header, warnings)
  const key = setProtocol(draft, spec, suggestions, warnings)
  setApparatus(draft, header, warnings)
  const counts = readCounts(log, warnings)
  setSampling(draft, log, counts, suggestions, warnings)
  setGrading(draft, header, warnings)
  setStatus(draft, header, status, warnings)
  return { key, draft, measures: measuresOfLog(log, counts, warnings), suggestions }
}

const versions = ['1', '2', '3']

function requireVersion(header: LogNode): void {
  const version = findCount(memberOf(header, 'version'))
  if (version === undefined) throw new ImportError('FIELD_MISSING', '/version is missing')
  if (!versions.includes(String(version.value))) {
    throw new ImportError('FORMAT_VERSION', `log version ${version.value} is not known here`)
  }
}

type Status = 'success' | 'cancelled' | 'error'

/** Only a run that ended, with scores, holds results. */
function requireResults(header: LogNode): Status {
  const status = findText(memberOf(header, 'status'))?.value
  if (status === 'started') throw new ImportError('RUN_NOT_FINISHED', 'the run is still going on or died')
  if (status !== 'success' && status !== 'cancelled' && status !== 'error') {
    throw new ImportError(
      status === undefined ? 'FIELD_MISSING' : 'FIELD_MALFORMED',
      '/status is not one that is known',
    )
  }
  const results = memberOf(header, 'results')
  if (listItems(memberOf(results, 'scores')).length > 0 || memberOf(results, 'metrics').value !== undefined)
    return status
  if (status === 'success') throw new ImportError('RUN_UNSCORED', 'the run finished without scores')
  throw new ImportError('RUN_NOT_FINISHED', 'the run ended before there were scores')
}

function setTime(draft: DraftBuilder, header: LogNode, warnings: WarningLog): void {
  const stats = memberOf(header, 'stats')
  const from =
    findTimestamp(memberOf(stats, 'started_at'), warnings) ??
    findTimestamp(memberOf(header, 'eval', 'created'), warnings)
  const to = findTimestamp(memberOf(stats, 'completed_at'), warnings)
  if (from !== undefined && to !== undefined && Date.parse(to.value) < Date.parse(from.value)) {
    warnings.add('timestamp-refused', 'the run ends before it begins')
    return
  }
  takeField(draft, '/testedFrom', from)
  takeField(draft, '/testedTo', to)
}

/** Task, its version and its data; returns the name the draft goes by. People confirm the protocol. */
function setProtocol(
  draft: DraftBuilder,
  spec: LogNode,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): string {
  const registered = memberOf(spec, 'task_registry_name')
  const task = findName(
    findText(registered) === undefined ? memberOf(spec, 'task') : registered,
    'the task',
    warnings,
    2,
  )
  const versionNode = memberOf(spec, 'task_version')
  const number = findCount(versionNode)
  const version =
    number === undefined ? findVersion(versionNode) : { value: String(number.value), origin: number.origin }
  takeField(draft, '/protocol/name', task)
  takeField(draft, '/protocol/version', version)
  if (task !== undefined) suggestions.set('/protocol/name', task.value)
  if (version !== undefined) suggestions.set('/protocol/version', version.value)

  const dataset = findName(memberOf(spec, 'dataset', 'name'), 'the dataset', warnings, 2)
  takeField(draft, '/benchmark/name', dataset)
  return dataset?.value ?? task?.value ?? ''
}

const statusSentences = {
  cancelled: 'The run was cancelled; the results cover what was completed until then.',
  error: 'The run ended with an error; the results cover what was completed until then.',
} as const

/** What happened to the run stays with the record; the institute adds what it means. */
function setStatus(draft: DraftBuilder, header: LogNode, status: Status, warnings: WarningLog): void {
  const facts: { text: string; origin: string }[] = []
  if (status !== 'success') {
    warnings.add(status === 'cancelled' ? 'run-cancelled' : 'run-error', 'the run did not end well: say what it means')
    facts.push({ text: statusSentences[status], origin: memberOf(header, 'status').origin })
  }
  const invalidated = findBoolean(memberOf(header, 'invalidated'))
  if (invalidated?.value === true) {
    warnings.add('run-invalidated', 'the log marks the run as invalid: say why it is published')
    facts.push({ text: 'The log marks this run or some of its samples as invalid.', origin: invalidated.origin })
  }
  for (const [index, fact] of facts.entries()) setField(draft, `/limitations/${index}`, fact.text, fact.origin)
}
