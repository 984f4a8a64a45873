import { findRecordType, type JsonObject, type JsonValue } from '@concordance/protocol'
import { Errors } from 'typebox/schema'
import { type Answers, applyAnswers } from './answers.ts'
import { type DraftBuilder, findField, leavesOf, setField } from './draft.ts'
import type { DraftPlan, RawFile } from './draft-plan.ts'
import { ImportError } from './error.ts'
import { missingOf, openQuestions } from './questions.ts'
import type { ImportedDraft, ImportResult } from './result.ts'
import { deriveStandardError, type MeasureDraft } from './uncertainty.ts'
import type { WarningLog } from './warnings.ts'

/**
 * Turns what was read into drafts: fills the answers in, derives what may be derived, and lists what would leave and
 * what is still to be asked.
 *
 * @throws {ImportError} `ANSWERS_INVALID`.
 */
export function completeDrafts(
  plans: readonly DraftPlan[],
  raw: RawFile,
  answers: Answers,
  warnings: WarningLog,
): Pick<ImportResult, 'drafts' | 'leaves' | 'questions'> {
  const answered = new Set<string>()
  const drafts = plans.map((plan) => completeDraft(plan, raw, answers, answered, warnings))
  const suggestions = new Map(plans.flatMap((plan) => [...plan.suggestions]))
  return {
    drafts,
    leaves: drafts.flatMap((draft, index) => leavesOf(draft.content, `/${index}`)),
    questions: openQuestions(drafts, answered, suggestions),
  }
}

function completeDraft(
  plan: DraftPlan,
  raw: RawFile,
  answers: Answers,
  answered: Set<string>,
  warnings: WarningLog,
): ImportedDraft {
  const { draft } = plan
  const lang = answers.lang ?? 'en'
  setRaw(draft, raw)
  const given = applyAnswers(draft, answers, plan.key)
  for (const field of given) answered.add(field)
  setMeasures(draft, plan.measures, given.includes('/sampling/items'), warnings)
  setTitle(draft, lang, plan.key)
  const content = sortedCopy(draft.content)
  requireSchema(content, given)
  const unconfirmed = new Set(given.includes('/limitations') ? [] : ['/limitations'])
  return { type: 'evaluation', lang, content, origins: { ...draft.origins }, missing: missingOf(content, unconfirmed) }
}

function setRaw(draft: DraftBuilder, raw: RawFile): void {
  setField(draft, '/raw/format', raw.format, 'importer#format')
  setField(draft, '/raw/sha256', raw.sha256, 'file#sha256')
  setField(draft, '/raw/bytes', raw.bytes, 'file#bytes')
  setField(draft, '/raw/access', 'withheld', 'importer#most-restrictive')
}

/** Where the log states no n and people did, the measures of the whole test take it over. */
function setMeasures(
  draft: DraftBuilder,
  measures: readonly MeasureDraft[],
  itemsAnswered: boolean,
  warnings: WarningLog,
): void {
  const items = findField(draft.content, '/sampling/items')
  for (const [index, measure] of measures.entries()) {
    const takesItems =
      itemsAnswered && typeof items === 'number' && measure.fields.n === null && !measure.fields.subgroup
    const counted = takesItems
      ? {
          ...measure,
          fields: { ...measure.fields, n: items },
          origins: { ...measure.origins, n: draft.origins['/sampling/items'] ?? '' },
        }
      : measure
    const { fields, origins } = deriveStandardError(counted, warnings)
    for (const [name, value] of Object.entries(fields)) {
      setField(draft, `/measures/${index}/${name}`, value as JsonValue, origins[name] ?? 'importer#vocabulary')
    }
  }
}

function setTitle(draft: DraftBuilder, lang: string, key: string): void {
  if (findField(draft.content, '/title') !== undefined) return
  const name = findField(draft.content, '/subject/sealed/pseudonym') ?? findField(draft.content, '/subject/name')
  const task = findField(draft.content, '/protocol/name') ?? key
  if (typeof name !== 'string' || typeof task !== 'string' || task === '') return
  setField(
    draft,
    '/title',
    { [lang]: [...`${task} · ${name}`].slice(0, 100).join('') },
    'derived:title(/protocol/name, /subject)',
  )
}

/** A plain copy, members in order, without the prototype-less objects of building. */
function sortedCopy(content: JsonObject): JsonObject {
  const entries = Object.keys(content)
    .sort()
    .map((name) => [name, structuredClone(content[name])])
  return Object.fromEntries(entries)
}

/** Missing members are listed for people; a member of the wrong form is refused here. */
function requireSchema(content: JsonObject, given: readonly string[]): void {
  const schema = findRecordType('evaluation')?.body
  if (schema === undefined) throw new ImportError('IMPORT_FAILED', 'there is no record type evaluation')
  const [, errors] = Errors(schema, content)
  for (const { keyword, instancePath } of errors) {
    if (keyword === 'required' || keyword === 'anyOf') continue
    const isAnswer = given.some((field) => instancePath === field || instancePath.startsWith(`${field}/`))
    throw new ImportError(isAnswer ? 'ANSWERS_INVALID' : 'IMPORT_FAILED', `${instancePath || '/'} fails ${keyword}`)
  }
}
