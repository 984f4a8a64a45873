import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, setField, takeField } from '../draft.ts'
import { type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { findCount, findNumber } from '../numbers.ts'
import { findName } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'
import type { ResultGroup } from './results.ts'

/** Generation, limits and judges: the conditions, by name and number only. */
export function setCondition(
  draft: DraftBuilder,
  group: ResultGroup,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): void {
  const config = memberOf(group.first, 'generation_config')
  const args = memberOf(config, 'generation_args')
  takeField(draft, '/apparatus/generation/temperature', findNumber(memberOf(args, 'temperature')))
  takeField(draft, '/apparatus/generation/topP', findNumber(memberOf(args, 'top_p')))
  takeField(draft, '/apparatus/generation/maxTokens', findCount(memberOf(args, 'max_tokens')))
  takeField(draft, '/apparatus/limits/tokens', findCount(memberOf(args, 'eval_limits', 'token_limit')))
  takeField(draft, '/apparatus/limits/messages', findCount(memberOf(args, 'eval_limits', 'message_limit')))
  takeField(draft, '/apparatus/limits/timeSeconds', findCount(memberOf(args, 'eval_limits', 'time_limit')))
  suggestScaffold(suggestions, config, warnings)
  setJudges(draft, group, warnings)
}

/** The scaffold stands among free details, so it is suggested and not taken over. */
function suggestScaffold(suggestions: Map<string, JsonValue>, config: LogNode, warnings: WarningLog): void {
  const name = findName(memberOf(config, 'additional_details', 'agent_scaffold'), 'the scaffold', warnings)
  if (name === undefined) return
  const args = memberOf(config, 'generation_args')
  const tools = listItems(memberOf(args, 'agentic_eval_config', 'available_tools'))
    .map((tool) => findName(memberOf(tool, 'name'), 'a tool', warnings)?.value)
    .filter((tool) => tool !== undefined)
  const maxAttempts = findCount(memberOf(args, 'max_attempts'))?.value
  suggestions.set('/apparatus/scaffold', {
    name: name.value,
    ...(tools.length === 0 ? {} : { tools }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  })
}

function setJudges(draft: DraftBuilder, group: ResultGroup, warnings: WarningLog): void {
  const judges = new Map<string, string>()
  for (const result of group.results) {
    for (const judge of listItems(memberOf(result, 'metric_config', 'llm_scoring', 'judges'))) {
      const info = memberOf(judge, 'model_info')
      const id = memberOf(info, 'id')
      const found = findName(id.value === undefined ? memberOf(info, 'name') : id, 'a judge', warnings, 4)
      if (found !== undefined) judges.set(found.value, found.origin)
    }
  }
  if (judges.size === 0) setField(draft, '/grading/judges', [], 'importer#none-named')
  for (const [index, [model, origin]] of [...judges].entries())
    setField(draft, `/grading/judges/${index}/model`, model, origin)
  setField(draft, '/grading/agreement', [], 'importer#none-named')
}
