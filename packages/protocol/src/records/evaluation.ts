import { type Static, Type } from 'typebox'
import { ProtocolError } from '../error.ts'
import { Base64url32 } from '../schema.ts'
import {
  type DescribedText,
  inEachLanguage,
  mediaTypeOf,
  type RecordDescription,
  type RecordType,
} from './record-type.ts'
import { Citations, CountOrUnknown, DayOrInstant, LanguageTag, Sha256Hex, textByLanguage } from './values.ts'

const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })
const Text = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' })
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const SubjectCommon = {
  kind: Type.Enum(['model', 'system', 'agent']),
  developer: Type.Optional(Name),
  weights: Type.Enum(['open', 'closed', 'unknown']),
  access: Type.Enum(['public-api', 'api-elevated', 'safeguards-off', 'logprobs', 'weights']),
  platform: Type.Optional(Name),
}

const Subject = Type.Union([
  Type.Object({
    ...SubjectCommon,
    name: Name,
    version: Type.String({ description: 'Snapshot id, or "unknown".', minLength: 1, maxLength: 200 }),
    unsealed: Type.Optional(
      Type.Object(
        { pseudonym: Name, salt: Base64url32 },
        { description: 'Opens the commitment of an earlier version of the finding.' },
      ),
    ),
  }),
  Type.Object({
    ...SubjectCommon,
    sealed: Type.Object({
      pseudonym: Name,
      commitment: Type.String({
        description: 'SHA-256 of {developer?, name, version, salt}, base64url.',
        pattern: '^[A-Za-z0-9_-]{43}$',
      }),
    }),
  }),
])

const Protocol = Type.Object({
  record: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  name: Type.Optional(Name),
  version: Name,
})

const Benchmark = Type.Object({
  name: Name,
  version: Type.Optional(Name),
  datasetSha256: Type.Optional(Sha256Hex),
  split: Type.Optional(Name),
  itemsTotal: Type.Optional(Count),
  visibility: Type.Optional(Type.Enum(['public', 'private', 'mixed'])),
})

const Apparatus = Type.Object({
  harness: Type.Object({
    name: Name,
    version: Name,
    commit: Type.Optional(Type.String({ pattern: '^[0-9a-f]{7,64}$' })),
    dirty: Type.Optional(Type.Boolean()),
  }),
  scaffold: Type.Optional(
    Type.Object({
      name: Name,
      version: Type.Optional(Name),
      tools: Type.Optional(Type.Array(Name, { maxItems: 100 })),
      maxAttempts: Type.Optional(Count),
    }),
  ),
  generation: Type.Optional(
    Type.Object({
      temperature: Type.Optional(Type.Number()),
      topP: Type.Optional(Type.Number()),
      maxTokens: Type.Optional(Count),
      reasoningEffort: Type.Optional(Name),
      reasoningTokens: Type.Optional(Count),
      seed: Type.Optional(Type.Integer()),
      systemPromptSha256: Type.Optional(Sha256Hex),
    }),
  ),
  limits: Type.Optional(
    Type.Object({
      tokens: Type.Optional(Count),
      messages: Type.Optional(Count),
      timeSeconds: Type.Optional(Type.Number({ minimum: 0 })),
      costUsd: Type.Optional(Type.Number({ minimum: 0 })),
    }),
  ),
  elicitation: Type.Object({
    effort: Type.Enum(['none', 'light', 'moderate', 'extensive']),
    techniques: Type.Optional(Type.Array(Name, { maxItems: 50 })),
    hours: Type.Optional(Type.Number({ minimum: 0 })),
  }),
})

const Sampling = Type.Object({
  items: CountOrUnknown,
  itemsExcluded: Type.Array(Type.Object({ reason: Name, count: Count }), { maxItems: 50 }),
  frame: Type.Enum(['all', 'random', 'stratified', 'first-n']),
  epochs: Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()]),
  epochReducer: Type.Optional(Name),
  clusters: Type.Optional(Count),
})

const Grading = Type.Object({
  kind: Type.Enum(['exact', 'programmatic', 'model', 'human', 'mixed']),
  judges: Type.Array(
    Type.Object({ model: Name, version: Type.Optional(Name), promptSha256: Type.Optional(Sha256Hex) }),
    { maxItems: 50 },
  ),
  agreement: Type.Array(
    Type.Object({ statistic: Name, value: Type.Number(), n: Count, against: Type.Optional(Name) }),
    { maxItems: 50 },
  ),
})

const Interval = Type.Object({
  level: Type.Optional(
    Type.Number({ description: 'Absent where the source does not say.', exclusiveMinimum: 0, exclusiveMaximum: 1 }),
  ),
  low: Type.Number(),
  high: Type.Number(),
  method: Type.Optional(Name),
})

/** One number of an evaluation, with its unit and what is known of its uncertainty. */
export type Measure = Static<typeof Measure>
export const Measure = Type.Object({
  metricId: Name,
  label: Name,
  kind: Type.Enum(['proportion', 'mean', 'rate', 'ordinal', 'elo', 'time-horizon', 'count', 'other']),
  unit: Name,
  direction: Type.Enum(['higher-better', 'lower-better', 'neutral']),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  value: Type.Number(),
  se: Type.Optional(Type.Number({ minimum: 0 })),
  seMethod: Type.Enum(['reported-clt', 'clustered', 'bootstrap', 'bayesian', 'derived-binomial', 'not-available']),
  interval: Type.Optional(Interval),
  sd: Type.Optional(Type.Number({ minimum: 0 })),
  n: CountOrUnknown,
  clusters: Type.Optional(Count),
  subgroup: Type.Optional(Type.Object({ dimension: Name, value: Name })),
  sourceValue: Type.Optional(
    Type.String({ description: 'The number exactly as the source spells it.', minLength: 1, maxLength: 64 }),
  ),
  check: Type.Optional(Type.Enum(['matches', 'mismatch', 'not-recomputable'])),
})

/** What one institute measured on one system, under one version of one protocol and one condition. */
export type EvaluationBody = Static<typeof EvaluationBody>
export const EvaluationBody = Type.Object({
  title: textByLanguage(200),
  plainSummary: textByLanguage(1200),
  subject: Subject,
  phase: Type.Enum(['pre-deployment', 'limited-release', 'post-market', 'retired']),
  testedFrom: Type.Union([DayOrInstant, Type.Null()]),
  testedTo: Type.Union([DayOrInstant, Type.Null()]),
  objective: Type.Enum(['capability', 'propensity', 'safeguard', 'robustness', 'reliability', 'uplift', 'control']),
  stance: Type.Enum(['best-case', 'realistic-use']),
  estimand: Type.Enum(['benchmark', 'generalised']),
  protocol: Protocol,
  deviations: Type.Array(Text, { maxItems: 50 }),
  benchmark: Type.Optional(Benchmark),
  apparatus: Apparatus,
  sampling: Sampling,
  grading: Grading,
  measures: Type.Array(Measure, { minItems: 1, maxItems: 500 }),
  languages: Type.Array(LanguageTag, { minItems: 1, maxItems: 200 }),
  risk: Type.Array(Type.Object({ scheme: Name, schemeVersion: Name, code: Name }), { maxItems: 50 }),
  limitations: Type.Array(Text, { minItems: 1, maxItems: 50 }),
  conduct: Type.Object({
    by: Name,
    role: Type.Enum(['institute', 'third-party', 'developer', 'joint']),
    developerSawBefore: Type.Boolean(),
    changesFollowed: Type.Optional(
      Type.Boolean({ description: 'Whether anything was changed because of what the developer said.' }),
    ),
  }),
  raw: Type.Optional(
    Type.Object({
      format: Type.Enum(['inspect', 'every-eval-ever', 'lm-eval', 'helm', 'moonshot', 'other']),
      sha256: Sha256Hex,
      bytes: Count,
      access: Type.Enum(['public', 'on-request', 'on-site', 'withheld']),
    }),
  ),
  cites: Type.Optional(Citations),
  synthetic: Type.Optional(Type.Boolean({ description: 'True where no real system stands behind the numbers.' })),
})

/** The scheme an evaluation's `risk` is given in unless it names another. */
export const defaultRiskScheme = { scheme: 'international-ai-safety-report', schemeVersion: '2026' } as const

export const evaluation: RecordType<EvaluationBody> = {
  type: 'evaluation',
  kind: 'content',
  mediaType: mediaTypeOf('evaluation'),
  body: EvaluationBody,
  describe,
  check,
}

function describe(body: EvaluationBody): RecordDescription {
  return {
    title: body.title,
    text: searchable(body),
    facets: {
      subject: nameOf(body),
      ...(body.subject.developer === undefined ? {} : { developer: body.subject.developer }),
      ...(body.benchmark === undefined ? {} : { benchmark: body.benchmark.name }),
      objective: body.objective,
      phase: body.phase,
      risk: distinct(body.risk.map((risk) => risk.code)),
      language: distinct(body.languages),
      harness: body.apparatus.harness.name,
      protocol: body.protocol.name ?? body.protocol.record ?? '',
      ...(body.synthetic === true ? { synthetic: 'true' } : {}),
    },
  }
}

function searchable(body: EvaluationBody): DescribedText[] {
  const { subject, protocol, benchmark, conduct } = body
  const names = [
    nameOf(body),
    ...('version' in subject ? [subject.version] : []),
    subject.developer ?? '',
    protocol.name ?? '',
    benchmark?.name ?? '',
    conduct.by,
    ...body.measures.flatMap((measure) => [measure.label, measure.subgroup?.value ?? '']),
    ...body.limitations,
    ...(body.cites ?? []).map((citation) => citation.title),
  ]
  return [
    ...inEachLanguage(body.plainSummary),
    ...distinct(names)
      .filter((text) => text !== '')
      .map((text) => ({ text })),
  ]
}

function nameOf({ subject }: EvaluationBody): string {
  return 'sealed' in subject ? subject.sealed.pseudonym : subject.name
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}

function check(body: EvaluationBody): void {
  if ('sealed' in body.subject && ['name', 'version', 'unsealed'].some((member) => member in body.subject)) {
    refuse('/subject', 'sealed, and named')
  }
  if (body.protocol.name === undefined && body.protocol.record === undefined)
    refuse('/protocol', 'neither name nor record')
  if (body.raw === undefined && body.synthetic !== true && (body.cites ?? []).length === 0) {
    refuse('/raw', 'no raw file, no source cited, and not marked synthetic')
  }
  if (isBefore(body.testedTo, body.testedFrom)) refuse('/testedTo', 'lies before testedFrom')
  body.measures.forEach((measure, index) => {
    const fault = faultOf(measure)
    if (fault !== undefined) refuse(`/measures/${index}`, fault)
  })
}

/** Days and instants are compared by day: a day has no offset, so within one day nothing can be said. */
function isBefore(later: string | null, earlier: string | null): boolean {
  if (later === null || earlier === null) return false
  if (later.includes('T') && earlier.includes('T')) return Date.parse(later) < Date.parse(earlier)
  return Date.parse(later.slice(0, 10)) + 86_400_000 < Date.parse(earlier.slice(0, 10))
}

function faultOf(measure: Measure): string | undefined {
  const { value, min, max, se, seMethod, interval } = measure
  if (min !== undefined && max !== undefined && min >= max) return 'min is not below max'
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) return 'value lies outside min and max'
  if ((seMethod === 'not-available') !== (se === undefined)) return 'seMethod and se contradict each other'
  if (seMethod === 'derived-binomial' && (se === 0 || measure.n === null || measure.n === 0)) {
    return 'a derived standard error needs n and is never 0'
  }
  if (interval !== undefined && interval.low > interval.high) return 'the interval ends before it begins'
  return undefined
}

function refuse(pointer: string, fault: string): never {
  throw new ProtocolError('SCHEMA', `evaluation ${pointer}: ${fault}`)
}
