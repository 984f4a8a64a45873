import type { EvaluationBody, JsonObject, JsonValue, Measure, RecordDetail, Statement } from '@concordance/protocol'
import { plainJson } from '@concordance/protocol/plain-text'
import { formatInstant, formatMarking, nameOfInstitute } from './words.ts'

/** What a description in the vocabulary of schema.org is made of. */
export interface Described {
  /** As the public sees it: what only some know of, such as a newer version, is not for everybody's catalogue. */
  readonly record: RecordDetail
  readonly statement: Statement
  /** Canonical text that the statement's digest is of. */
  readonly body: string
  /** Base URL of the node that describes it. */
  readonly base: string
  /** Entity id of the institute whose node describes it. */
  readonly describedBy: string
}

/**
 * One CLEAR record for search engines and data catalogues, as JSON-LD of schema.org. An evaluation is a `Dataset`, whose
 * measures are `variableMeasured` and whose method is `measurementTechnique`; any other record is a `CreativeWork`. May
 * stand in a page as it is: no markup can begin in it.
 */
export function formatJsonLd(described: Described): string {
  const { record } = described
  const content = JSON.parse(described.body) as JsonObject
  const parts = record.type === 'evaluation' ? describeEvaluation(content as EvaluationBody) : describeOther(content)
  return `${plainJson(prune({ '@context': 'https://schema.org', ...describeRecord(described), ...parts })).replaceAll('<', '\\u003c')}\n`
}

type Node = { readonly [member: string]: unknown }

function describeRecord({ record, statement, body, base, describedBy }: Described): Node {
  const { recordId, iss, finding, version, iat, lang, mark, status, origin, position, title, prev } = record
  const url = `${base}/v1/records/${recordId}`
  return {
    '@type': 'CreativeWork',
    '@id': `urn:concordance:record:${recordId}`,
    name: byLanguage(title),
    url,
    identifier: [
      propertyOf('record', recordId),
      propertyOf('finding', `${iss} ${finding}`),
      propertyOf('position', `${origin} ${position}`),
    ],
    version,
    datePublished: formatInstant(iat),
    inLanguage: lang,
    creator: institute(iss),
    publisher: institute(iss),
    sdPublisher: institute(describedBy),
    isAccessibleForFree: true,
    conditionsOfAccess: formatMarking(mark),
    creativeWorkStatus: status,
    ...(prev !== undefined && { isBasedOn: `urn:concordance:record:${prev}` }),
    distribution: {
      '@type': 'DataDownload',
      contentUrl: `${url}/body`,
      encodingFormat: statement.body?.type,
      contentSize: `${Buffer.byteLength(body)} B`,
      sha256: statement.body && Buffer.from(statement.body.digest, 'base64url').toString('hex'),
    },
    subjectOf: { '@type': 'CreativeWork', name: 'proof', url: `${url}/proof`, encodingFormat: 'application/json' },
  }
}

function describeEvaluation(body: EvaluationBody): Node {
  const { subject, plainSummary, protocol, benchmark, measures, testedFrom, testedTo, apparatus, conduct } = body
  return {
    '@type': 'Dataset',
    description: byLanguage(plainSummary),
    about: {
      '@type': 'SoftwareApplication',
      applicationCategory: subject.kind,
      ...('sealed' in subject
        ? { name: subject.sealed.pseudonym }
        : { name: subject.name, softwareVersion: subject.version }),
      ...(subject.developer !== undefined && { creator: { '@type': 'Organization', name: subject.developer } }),
    },
    measurementTechnique: [
      [protocol.name ?? protocol.record ?? '', protocol.version].join(' '),
      ...(benchmark ? [[benchmark.name, benchmark.version ?? ''].join(' ').trim()] : []),
      `${apparatus.harness.name} ${apparatus.harness.version}`,
    ],
    variableMeasured: measures.map(describeMeasure),
    temporalCoverage: testedFrom && testedTo ? `${testedFrom}/${testedTo}` : (testedFrom ?? testedTo ?? undefined),
    contributor: { '@type': 'Organization', name: conduct.by },
    keywords: [
      ...body.risk.map(({ scheme, code }) => `${scheme}: ${code}`),
      ...(body.synthetic ? ['synthetic: no real system stands behind the numbers'] : []),
    ],
  }
}

/** `value` is the number that was signed; what is known of its uncertainty stands in words, for there is no field for it. */
function describeMeasure({ metricId, label, unit, value, min, max, se, seMethod, n, interval }: Measure): Node {
  const known = [
    ...(se === undefined ? [] : [`standard error ${se}`]),
    `standard error by: ${seMethod}`,
    `n: ${n ?? 'unknown'}`,
    ...(interval ? [`interval ${interval.low} to ${interval.high}`] : []),
  ]
  return {
    '@type': 'PropertyValue',
    propertyID: metricId,
    name: label,
    value,
    unitText: unit,
    minValue: min,
    maxValue: max,
    description: known.join('; '),
  }
}

function describeOther({ note, seen }: JsonObject): Node {
  const text = note ?? seen
  return { description: byLanguage(text as Readonly<Record<string, string>> | undefined) }
}

/** Text by language tag as JSON-LD says it. */
function byLanguage(texts: Readonly<Record<string, string>> = {}): Node[] | undefined {
  const values = Object.entries(texts).map(([lang, text]) => ({ '@language': lang, '@value': text }))
  return values.length > 0 ? values : undefined
}

function propertyOf(name: string, value: string): Node {
  return { '@type': 'PropertyValue', propertyID: `urn:concordance:${name}`, value }
}

function institute(iss: string): Node {
  return { '@type': 'Organization', '@id': iss, name: nameOfInstitute(iss) }
}

/** Without members that are not known. */
function prune(node: Node): JsonValue {
  return JSON.parse(JSON.stringify(node)) as JsonValue
}
