import type { Question } from '@concordance/importers'
import { plainText } from '@concordance/protocol/plain-text'

/**
 * The open questions as a YAML file to fill in for `--answers`: every field without which nothing can be published, and
 * the others as comments.
 */
export function answersForm(questions: readonly Question[]): string {
  const byId = new Map<string, Question>()
  const missing = new Map<string, Question>()
  for (const question of questions) {
    const id = question.id
    byId.set(id, byId.get(id) ?? question)
    for (const field of question.missing) missing.set(field, question)
  }
  const asked = [...byId.values()].map((question, index) => `#  ${index + 1}. ${plainText(question.ask)}`)
  const optional = [...byId.values()].flatMap(({ fields }) => fields.filter((field) => !missing.has(field)))
  return [
    '# What the logs cannot know. Fill in every value, then run the import again with --answers and this file.',
    '# For one of several drafts of a file alone: drafts: { "name of its benchmark": { … the same fields … } }',
    ...asked,
    '',
    'lang: en # language of what you write here',
    ...linesOf([...missing].map(([field, question]) => ({ path: field.split('/').slice(1), field, question }))),
    '',
    ...(optional.length === 0 ? [] : [`# May be answered as well: ${optional.join(' ')}`, '']),
  ].join('\n')
}

interface Field {
  /** What is left of the path below the present level. */
  readonly path: readonly string[]
  /** The whole JSON pointer. */
  readonly field: string
  readonly question: Question
}

function linesOf(fields: readonly Field[], indent = ''): string[] {
  const names = [...new Set(fields.map(({ path }) => path[0] ?? ''))]
  return names.flatMap((name) => {
    const below = fields.filter(({ path }) => path[0] === name)
    const [only] = below
    if (only && only.path.length === 1) return [`${indent}${name}:${hintOf(only)}`]
    const deeper = below.map((field) => ({ ...field, path: field.path.slice(1) }))
    return [`${indent}${name}:`, ...linesOf(deeper, `${indent}  `)]
  })
}

function hintOf({ field, question }: Field): string {
  const suggested = question.suggestions?.[field]
  const options = question.options?.[field]?.join(' | ')
  const suggestion = suggested === undefined ? undefined : `the log suggests ${plainText(JSON.stringify(suggested))}`
  const hints = [options, suggestion, forms[field]].filter((hint) => hint !== undefined)
  return hints.length === 0 ? '' : ` # ${hints.join('; ')}`
}

/** How values other than a word are written. */
const forms: Readonly<Record<string, string>> = {
  '/deviations': '[] or a list of sentences',
  '/languages': 'such as [en, fr]',
  '/risk': '[] or a list of {scheme, schemeVersion, code}',
  '/limitations': 'a list of sentences',
  '/title': '{en: …}',
  '/plainSummary': '{en: …}',
  '/conduct/developerSawBefore': 'true or false',
  '/testedFrom': 'a day such as 2026-05-04, or null',
  '/testedTo': 'a day such as 2026-05-04, or null',
  '/sampling/items': 'a number, or null',
  '/sampling/epochs': 'a number, or null',
}
