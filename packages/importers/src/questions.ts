import type { JsonObject, JsonValue } from '@concordance/protocol'
import { findField } from './draft.ts'
import type { ImportedDraft, Question } from './result.ts'

/**
 * Everything a log cannot know, in twelve questions. `required` fields must be there before a draft can be published;
 * `optional` ones may be answered with the rest.
 */
interface QuestionForm {
  readonly id: string
  readonly ask: string
  readonly required: readonly string[]
  readonly optional?: readonly string[]
  readonly options?: Readonly<Record<string, readonly string[]>>
}

const forms: readonly QuestionForm[] = [
  {
    id: 'subject',
    ask: 'Which system was tested, in which snapshot, and how was it reached? A secret one is given as `sealed`.',
    required: ['/subject/kind', '/subject/name', '/subject/version', '/subject/weights', '/subject/access'],
    optional: ['/subject/developer', '/subject/platform', '/subject/sealed'],
    options: {
      '/subject/kind': ['model', 'system', 'agent'],
      '/subject/weights': ['open', 'closed', 'unknown'],
      '/subject/access': ['public-api', 'api-elevated', 'safeguards-off', 'logprobs', 'weights'],
    },
  },
  {
    id: 'time',
    ask: 'At which phase of the system’s life was it tested, and when? null where that is not known.',
    required: ['/phase', '/testedFrom', '/testedTo'],
    options: { '/phase': ['pre-deployment', 'limited-release', 'post-market', 'retired'] },
  },
  {
    id: 'purpose',
    ask: 'What does the test look for, under which stance, and is the result meant for these items or for the capability?',
    required: ['/objective', '/stance', '/estimand'],
    options: {
      '/objective': ['capability', 'propensity', 'safeguard', 'robustness', 'reliability', 'uplift', 'control'],
      '/stance': ['best-case', 'realistic-use'],
      '/estimand': ['benchmark', 'generalised'],
    },
  },
  {
    id: 'protocol',
    ask: 'Which protocol was followed, in which version, with which harness, and where did you deviate? [] for nowhere.',
    required: [
      '/protocol/name',
      '/protocol/version',
      '/deviations',
      '/apparatus/harness/name',
      '/apparatus/harness/version',
    ],
    optional: [
      '/protocol/record',
      '/benchmark/name',
      '/benchmark/version',
      '/benchmark/split',
      '/benchmark/datasetSha256',
      '/benchmark/itemsTotal',
      '/benchmark/visibility',
      '/apparatus/scaffold',
    ],
    options: { '/benchmark/visibility': ['public', 'private', 'mixed'] },
  },
  {
    id: 'elicitation',
    ask: 'How hard did you try to bring out what the system can do?',
    required: ['/apparatus/elicitation/effort'],
    optional: ['/apparatus/elicitation/techniques', '/apparatus/elicitation/hours'],
    options: { '/apparatus/elicitation/effort': ['none', 'light', 'moderate', 'extensive'] },
  },
  {
    id: 'sampling',
    ask: 'How many items were tested, how were they chosen, and how often was each run? null where that is not known.',
    required: ['/sampling/items', '/sampling/frame', '/sampling/epochs'],
    optional: ['/sampling/itemsExcluded', '/sampling/clusters', '/sampling/epochReducer'],
    options: { '/sampling/frame': ['all', 'random', 'stratified', 'first-n'] },
  },
  {
    id: 'grading',
    ask: 'Who or what graded the answers?',
    required: ['/grading/kind'],
    optional: ['/grading/judges', '/grading/agreement'],
    options: { '/grading/kind': ['exact', 'programmatic', 'model', 'human', 'mixed'] },
  },
  { id: 'languages', ask: 'In which languages was the system tested (BCP 47)?', required: ['/languages'] },
  {
    id: 'risk',
    ask: 'Which risks does the result speak to? [] for none. Codes of international-ai-safety-report 2026 unless you name another scheme.',
    required: ['/risk'],
    options: {
      '/risk': [
        'content-and-crime',
        'influence-and-manipulation',
        'cyberattacks',
        'biological-and-chemical',
        'reliability',
        'loss-of-control',
        'labour-market',
        'human-autonomy',
      ],
    },
  },
  {
    id: 'limitations',
    ask: 'What does the result not show? Speak to every warning of this import.',
    required: ['/limitations'],
  },
  {
    id: 'conduct',
    ask: 'Who ran the test, in which role, did the developer see the result before, and who may see the raw file?',
    required: ['/conduct/by', '/conduct/role', '/conduct/developerSawBefore'],
    optional: ['/raw/access', '/cites', '/synthetic'],
    options: {
      '/conduct/role': ['institute', 'third-party', 'developer', 'joint'],
      '/raw/access': ['public', 'on-request', 'on-site', 'withheld'],
    },
  },
  {
    id: 'summary',
    ask: 'Say in a title and a plain sentence, by language, what was found.',
    required: ['/title', '/plainSummary'],
  },
]

/** The fields an answer may fill. */
export const answerable: readonly string[] = forms.flatMap((form) => [...form.required, ...(form.optional ?? [])])

/** The required fields a draft still lacks. A sealed subject needs neither name nor version. */
export function missingOf(content: JsonObject, unconfirmed: ReadonlySet<string>): string[] {
  const sealed = findField(content, '/subject/sealed') !== undefined
  return forms
    .flatMap((form) => form.required)
    .filter((field) => !(sealed && (field === '/subject/name' || field === '/subject/version')))
    .filter((field) => findField(content, field) === undefined || unconfirmed.has(field))
}

/**
 * The questions that are still open: a required field is missing, or there are fields at null or with a suggestion and
 * nobody has answered one of them.
 *
 * @param answered Fields that answers filled, for any draft.
 * @param suggestions What the log suggests for a field without saying it.
 */
export function openQuestions(
  drafts: readonly ImportedDraft[],
  answered: ReadonlySet<string>,
  suggestions: ReadonlyMap<string, JsonValue>,
): Question[] {
  const missing = new Set(drafts.flatMap((draft) => draft.missing))
  return forms.flatMap((form) => {
    const fields = [...form.required, ...(form.optional ?? [])]
    const open = form.required.filter((field) => missing.has(field))
    const unsure = fields.filter(
      (field) => suggestions.has(field) || drafts.some((draft) => findField(draft.content, field) === null),
    )
    const settled = unsure.length === 0 || unsure.some((field) => answered.has(field))
    if (open.length === 0 && settled) return []
    const suggested = Object.fromEntries([...suggestions].filter(([field]) => fields.includes(field)))
    return [
      {
        id: form.id,
        ask: form.ask,
        fields,
        missing: open,
        ...(form.options === undefined ? {} : { options: form.options }),
        ...(Object.keys(suggested).length === 0 ? {} : { suggestions: suggested }),
      },
    ]
  })
}
