import { type DraftBuilder, setField } from '../draft.ts'
import { findText, type LogNode, listItems, memberOf } from '../json/log-node.ts'
import { findName } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'

/** How the scorers that come with Inspect grade; what others do is asked for. */
const kinds = new Map([
  ['match', 'exact'],
  ['includes', 'exact'],
  ['pattern', 'exact'],
  ['answer', 'exact'],
  ['exact', 'exact'],
  ['choice', 'exact'],
  ['f1', 'programmatic'],
  ['math', 'programmatic'],
  ['perplexity', 'programmatic'],
  ['model_graded_qa', 'model'],
  ['model_graded_fact', 'model'],
])

export function setGrading(draft: DraftBuilder, header: LogNode, warnings: WarningLog): void {
  const scorers = scorerNames(header)
  const known = new Set(scorers.map(({ value }) => kindOf(lastSegment(value))))
  const [kind] = known
  if (kind !== undefined && !known.has(undefined)) {
    setField(draft, '/grading/kind', known.size === 1 ? kind : 'mixed', scorers[0]?.origin ?? '')
  }
  const grader = findName(memberOf(header, 'eval', 'model_roles', 'grader', 'model'), 'the grading model', warnings, 4)
  setField(
    draft,
    '/grading/judges',
    grader === undefined ? [] : [{ model: grader.value }],
    grader?.origin ?? 'importer#none-named',
  )
  setField(draft, '/grading/agreement', [], 'importer#none-named')
}

/** Inspect numbers scorers of one name: match, match1 … */
function kindOf(scorer: string): string | undefined {
  return kinds.get(scorer) ?? kinds.get(scorer.replace(/\d+$/, ''))
}

function scorerNames(header: LogNode): { value: string; origin: string }[] {
  const results = memberOf(header, 'results')
  const nodes = [
    ...listItems(memberOf(results, 'scores')).map((score) => memberOf(score, 'scorer')),
    memberOf(results, 'scorer', 'name'),
  ]
  return nodes.map(findText).filter((found) => found !== undefined)
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
