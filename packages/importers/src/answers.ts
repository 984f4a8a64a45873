import { canonicalize, type JsonObject, type JsonValue } from '@concordance/protocol'
import { type DraftBuilder, findField, leavesOf, removeField, setField } from './draft.ts'
import { ImportError } from './error.ts'
import { answerable } from './questions.ts'

/** What people add to a log: fields of an evaluation, for every draft of the file and for single ones by their key. */
export interface Answers {
  readonly lang?: string
  readonly content: JsonObject
  /** By benchmark name, where a file holds several. */
  readonly drafts: Readonly<Record<string, JsonObject>>
}

const maxBytes = 65_536

/**
 * Takes the side file as parsed from YAML or JSON: the fields of an evaluation as they are named in the record, and
 * beside them `lang` and `drafts`. Only fields that a question asks for may be answered; measures never.
 *
 * @throws {ImportError} `ANSWERS_INVALID`.
 */
export function parseAnswers(value: unknown): Answers {
  if (value === undefined || value === null) return { content: {}, drafts: {} }
  const { lang, drafts = {}, ...content } = plainObject(value, 'answers')
  if (lang !== undefined && (typeof lang !== 'string' || !/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(lang))) {
    throw new ImportError('ANSWERS_INVALID', 'answers /lang is not a language tag')
  }
  requireAnswerable(content, '')
  const single = plainObject(drafts, 'answers /drafts')
  for (const [key, part] of Object.entries(single))
    requireAnswerable(plainObject(part, 'answers /drafts'), `/drafts/${key}`)
  return { ...(lang === undefined ? {} : { lang }), content, drafts: single as Record<string, JsonObject> }
}

function plainObject(value: unknown, what: string): Record<string, JsonValue> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ImportError('ANSWERS_INVALID', `${what} is not an object`)
  }
  try {
    if (canonicalize(value as JsonValue).length <= maxBytes) return value as Record<string, JsonValue>
  } catch (cause) {
    throw new ImportError('ANSWERS_INVALID', `${what} holds what JSON cannot carry`, { cause })
  }
  throw new ImportError('ANSWERS_INVALID', `${what} is larger than ${maxBytes} bytes`)
}

function requireAnswerable(content: JsonObject, at: string): void {
  for (const leaf of leavesOf(content, '')) {
    if (leaf === '' || answerable.some((field) => leaf === field || leaf.startsWith(`${field}/`))) continue
    throw new ImportError('ANSWERS_INVALID', `answers ${at}${leaf} answers no question`)
  }
}

/** Fields in which the log has the last word: an answer may fill them, not change them. */
const fixedByLog = [
  '/testedFrom',
  '/testedTo',
  '/sampling/items',
  '/sampling/epochs',
  '/sampling/epochReducer',
  '/sampling/itemsExcluded',
  '/apparatus/harness/name',
  '/apparatus/harness/version',
]

/**
 * Fills the answers into a draft and returns the fields they filled.
 *
 * @throws {ImportError} `ANSWERS_INVALID` where an answer contradicts the log.
 */
export function applyAnswers(draft: DraftBuilder, answers: Answers, key: string): string[] {
  const single = Object.hasOwn(answers.drafts, key) ? answers.drafts[key] : undefined
  return [
    ...applyFields(draft, answers.content, 'answers#'),
    ...(single === undefined ? [] : applyFields(draft, single, `answers#/drafts/${key}`)),
  ]
}

function applyFields(draft: DraftBuilder, content: JsonObject, origin: string): string[] {
  const given = answerable.filter((field) => findField(content, field) !== undefined)
  if (given.includes('/subject/sealed')) {
    for (const field of ['/subject/name', '/subject/version', '/subject/developer', '/subject/platform']) {
      removeField(draft, field)
    }
  }
  for (const field of given) applyField(draft, field, findField(content, field) as JsonValue, `${origin}${field}`)
  return given
}

function applyField(draft: DraftBuilder, field: string, value: JsonValue, origin: string): void {
  const present = findField(draft.content, field)
  if (fixedByLog.includes(field) && isFromLog(draft, field) && canonicalize(present ?? null) !== canonicalize(value)) {
    throw new ImportError('ANSWERS_INVALID', `answers ${field} is not what the log says`)
  }
  if (field === '/limitations' && Array.isArray(value) && Array.isArray(present)) {
    for (const [index, text] of value.entries())
      setField(draft, `${field}/${present.length + index}`, text, `${origin}/${index}`)
  } else {
    setField(draft, field, value, origin)
  }
}

function isFromLog(draft: DraftBuilder, field: string): boolean {
  const value = findField(draft.content, field)
  if (value === undefined || value === null) return false
  return leavesOf(value, field).some((leaf) => draft.origins[leaf]?.startsWith('answers#') === false)
}
