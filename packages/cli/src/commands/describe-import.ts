import type { ImportedDraft, ImportResult, Question } from '@concordance/importers'
import type { JsonValue } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'

const longestValue = 100

/** A dry run in words: what would leave the house, where each field came from, and what is still to be asked. */
export function describeImport({
  file,
  format,
  outcome,
  code,
  detail,
  warnings,
  drafts,
  questions,
}: ImportResult): string[] {
  const name = plainText(file)
  const warned = warnings.map((warning) => `  warning ${warning.code}: ${plainText(warning.detail)}`)
  if (outcome === 'refused') return [`${name}: refused (${code}): ${plainText(detail ?? '')}`, ...warned]
  const count = drafts.length === 1 ? '1 draft' : `${drafts.length} drafts`
  return [
    `${name}: ${count} from a log of the format ${format}`,
    ...warned,
    ...drafts.flatMap((draft, index) => describeDraft(draft, drafts.length === 1 ? 'The draft' : `Draft ${index + 1}`)),
    ...describeQuestions(questions),
    '  Nothing else of the file leaves: no samples, transcripts, arguments, paths or names of people and machines.',
  ]
}

function describeDraft({ content, origins, missing }: ImportedDraft, title: string): string[] {
  const fields = leavesOf(content)
  const width = Math.min(44, Math.max(...fields.map(([pointer]) => pointer.length)))
  return [
    `  ${title} would hold, and to whom its marking opens it would be shown:`,
    ...fields.map(([pointer, value]) => {
      const shown = plainText(JSON.stringify(value))
      const cut = shown.length > longestValue ? `${shown.slice(0, longestValue)}…` : shown
      return `    ${plainText(pointer).padEnd(width)}  ${cut}  (from ${plainText(origins[pointer] ?? 'unknown')})`
    }),
    ...(missing.length === 0 ? [] : [`  It cannot be published without: ${missing.join(' ')}`]),
  ]
}

function describeQuestions(questions: readonly Question[]): string[] {
  if (questions.length === 0) return ['  No question is open.']
  return [
    '  What the log cannot know; put answers into a file for --answers, under the names of the fields:',
    ...questions.flatMap((question, index) => [
      `    ${index + 1}. ${question.ask}`,
      ...question.fields.map((field) => `       ${field}${optionsOf(question, field)}${suggestionOf(question, field)}`),
    ]),
  ]
}

function optionsOf({ options, missing }: Question, field: string): string {
  const listed = options?.[field]
  const needed = missing.includes(field) ? ' (needed)' : ''
  return listed ? `: ${listed.join(' | ')}${needed}` : needed
}

function suggestionOf({ suggestions }: Question, field: string): string {
  const suggested = suggestions?.[field]
  return suggested === undefined ? '' : ` (the log suggests ${plainText(JSON.stringify(suggested))})`
}

function leavesOf(value: JsonValue, pointer = ''): [pointer: string, value: JsonValue][] {
  if (typeof value !== 'object' || value === null) return [[pointer, value]]
  const members = Object.entries(value)
  if (members.length === 0) return [[pointer, value]]
  return members.flatMap(([name, part]) =>
    leavesOf(part, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}
