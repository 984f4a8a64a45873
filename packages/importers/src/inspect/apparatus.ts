import { type DraftBuilder, setField, takeField } from '../draft.ts'
import { findBoolean, findText, type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { findCount, findNumber } from '../numbers.ts'
import { findName, findVersion } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'

/** Harness, scaffold, generation and limits: the conditions, by name and number only. */
export function setApparatus(draft: DraftBuilder, header: LogNode, warnings: WarningLog): void {
  setHarness(draft, memberOf(header, 'eval'), warnings)
  setScaffold(draft, header, warnings)
  setGeneration(draft, header)
  setLimits(draft, memberOf(header, 'eval', 'config'))
}

function setHarness(draft: DraftBuilder, spec: LogNode, warnings: WarningLog): void {
  setField(draft, '/apparatus/harness/name', 'inspect_ai', 'importer#format')
  takeField(draft, '/apparatus/harness/version', findVersion(memberOf(spec, 'packages', 'inspect_ai')))
  const commit = findText(memberOf(spec, 'revision', 'commit'))
  if (commit !== undefined && /^[0-9a-f]{7,64}$/.test(commit.value))
    takeField(draft, '/apparatus/harness/commit', commit)
  const dirty = findBoolean(memberOf(spec, 'revision', 'dirty'))
  takeField(draft, '/apparatus/harness/dirty', dirty)
  if (dirty?.value === true)
    warnings.add('harness-dirty', 'the code was changed after its commit: the commit does not tell what ran')
}

function setScaffold(draft: DraftBuilder, header: LogNode, warnings: WarningLog): void {
  const steps = listItems(memberOf(header, 'plan', 'steps')).map((step) => memberOf(step, 'solver'))
  const solver = memberOf(header, 'eval', 'solver')
  const nodes = findText(solver) === undefined ? steps : [solver]
  const names = nodes.map((node) => findName(node, 'a solver', warnings, 2))
  const name = names.map((found) => found?.value).join(' > ')
  const origin = nodes.length === 1 ? nodes[0]?.origin : memberOf(header, 'plan', 'steps').origin
  if (names.length === 0 || names.includes(undefined) || name.length > 200 || origin === undefined) return
  setField(draft, '/apparatus/scaffold/name', name, origin)
}

/** The plan's configuration is the one that ran; the model's own fills what it leaves open. */
function setGeneration(draft: DraftBuilder, header: LogNode): void {
  for (const config of [memberOf(header, 'eval', 'model_generate_config'), memberOf(header, 'plan', 'config')]) {
    takeField(draft, '/apparatus/generation/temperature', findNumber(memberOf(config, 'temperature')))
    takeField(draft, '/apparatus/generation/topP', findNumber(memberOf(config, 'top_p')))
    takeField(draft, '/apparatus/generation/maxTokens', findCount(memberOf(config, 'max_tokens')))
    takeField(draft, '/apparatus/generation/reasoningTokens', findCount(memberOf(config, 'reasoning_tokens')))
    takeField(draft, '/apparatus/generation/seed', findCount(memberOf(config, 'seed')))
    const effort = findText(memberOf(config, 'reasoning_effort'))
    if (effort !== undefined && /^[a-z]{1,20}$/.test(effort.value)) {
      takeField(draft, '/apparatus/generation/reasoningEffort', effort)
    }
  }
}

function setLimits(draft: DraftBuilder, config: LogNode): void {
  takeField(draft, '/apparatus/limits/tokens', findCount(memberOf(config, 'token_limit')))
  takeField(draft, '/apparatus/limits/messages', findCount(memberOf(config, 'message_limit')))
  takeField(draft, '/apparatus/limits/timeSeconds', findCount(memberOf(config, 'time_limit')))
  const cost = findNumber(memberOf(config, 'cost_limit'))
  if (cost !== undefined && cost.value >= 0) takeField(draft, '/apparatus/limits/costUsd', cost)
}
