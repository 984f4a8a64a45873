import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, setField, takeField } from '../draft.ts'
import { type Found, findText, type LogNode, memberOf } from '../json/log-node.ts'
import { snapshotOf } from '../snapshot.ts'
import { findName, findVersion } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'

/** The system as the record identifies it: by `id`, without the developer in front. */
export function setSubject(draft: DraftBuilder, record: LogNode, warnings: WarningLog): void {
  const info = memberOf(record, 'model_info')
  const developer = findKnown(memberOf(info, 'developer'), 'the developer', warnings)
  takeField(draft, '/subject/developer', developer)
  takeField(draft, '/subject/platform', findKnown(memberOf(info, 'inference_platform'), 'the platform', warnings))
  const weights = findText(memberOf(info, 'additional_details', 'model_availability'))
  if (weights?.value === 'open_weights') setField(draft, '/subject/weights', 'open', weights.origin)
  if (weights?.value === 'closed_weights') setField(draft, '/subject/weights', 'closed', weights.origin)
  const id = memberOf(info, 'id')
  const found = findName(findText(id) === undefined ? memberOf(info, 'name') : id, 'the model', warnings, 4)
  if (found === undefined) return
  const name = nameOf(found.value, developer?.value)
  setField(draft, '/subject/name', name, found.origin)
  const snapshot = snapshotOf(name)
  if (snapshot !== undefined) setField(draft, '/subject/version', snapshot, found.origin)
}

/** `openai/gpt-4.1` of developer `openai` is `gpt-4.1`; a name that begins otherwise stays whole. */
function nameOf(id: string, developer: string | undefined): string {
  const [first = '', ...rest] = id.split('/')
  return rest.length > 0 && first.toLowerCase() === developer?.toLowerCase() ? rest.join('/') : id
}

function findKnown(node: LogNode, what: string, warnings: WarningLog): Found<string> | undefined {
  return findText(node)?.value.toLowerCase() === 'unknown' ? undefined : findName(node, what, warnings, 2)
}

/**
 * Who reported, with which harness. In records made from documents the organisation is often the one that collected
 * numbers, not the one that tested: there it is only suggested.
 */
export function setSource(
  draft: DraftBuilder,
  record: LogNode,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): void {
  const metadata = memberOf(record, 'source_metadata')
  const ran = findText(memberOf(metadata, 'source_type'))?.value === 'evaluation_run'
  const organisation = findKnown(memberOf(metadata, 'source_organization_name'), 'the organisation', warnings)
  const source = findKnown(memberOf(metadata, 'source_name'), 'the source', warnings)
  if (ran) takeField(draft, '/conduct/by', organisation)
  else if (organisation !== undefined) suggestions.set('/conduct/by', organisation.value)
  setRole(draft, memberOf(metadata, 'evaluator_relationship'))
  if (!ran && source !== undefined) setField(draft, '/cites/0/title', source.value, source.origin)
  setHarness(draft, record, ran ? source : undefined)
}

const roles = new Map([
  ['first_party', 'developer'],
  ['third_party', 'third-party'],
  ['collaborative', 'joint'],
])

function setRole(draft: DraftBuilder, node: LogNode): void {
  const role = roles.get(findText(node)?.value ?? '')
  if (role !== undefined) setField(draft, '/conduct/role', role, node.origin)
}

/** Before 0.2.2 the harness of a run stood in `source_name`. */
function setHarness(draft: DraftBuilder, record: LogNode, runBy: Found<string> | undefined): void {
  const library = memberOf(record, 'eval_library')
  takeField(draft, '/apparatus/harness/name', findVersion(memberOf(library, 'name')) ?? runBy)
  takeField(draft, '/apparatus/harness/version', findVersion(memberOf(library, 'version')))
}
