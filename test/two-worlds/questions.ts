import { api, type RouteContract } from '@concordance/protocol'
import fc from 'fast-check'
import type { Outgoing } from '../../services/node/test/support/send.ts'
import { history, ids } from './history.ts'
import { commonWord, type Placed, type World, wordOf } from './world.ts'

/** A request and the operation it is meant for. */
export interface Question extends Outgoing {
  readonly operation: string
}

/** What requests may name: things that are there, with those that are closed, and things that never were. */
export interface Names {
  readonly records: readonly string[]
  readonly findings: readonly string[]
  readonly drafts: readonly string[]
  readonly cursors: readonly string[]
  readonly size: number
}

/** @param cursors From the pages of somebody who sees everything. */
export function namesOf({ placed, size }: Pick<World, 'placed' | 'size'>, cursors: readonly string[]): Names {
  const all = (pick: (one: Placed) => string | undefined) => [
    ...new Set([...placed.values()].flatMap((one) => pick(one) ?? [])),
  ]
  return {
    records: all(({ recordId }) => recordId),
    findings: all(({ finding }) => finding),
    drafts: all(({ draft }) => draft),
    cursors,
    size,
  }
}

/** Operations that read. Of those that change something, see `refusals`. */
const reading: readonly (RouteContract & { readonly name: string })[] = Object.entries(api)
  .map(([name, contract]) => ({ ...(contract as RouteContract), name }))
  .filter(({ name, method }) => method === 'GET' || name === 'answerSearch' || name === 'previewAudience')

export const operationsAsked = reading.map(({ name }) => name)

/** `each` requests of every operation that reads, with parameters that are right, odd and hostile. */
export function generate(names: Names, seed: number, each: number): Question[] {
  return reading.flatMap((operation, index) =>
    fc.sample(questionOf(operation, names), { seed: seed + index, numRuns: each * weightOf(operation) }),
  )
}

/** What takes parameters is asked more often. */
function weightOf({ schema, url }: RouteContract): number {
  return schema.querystring || schema.body ? 3 : url.includes(':') ? 2 : 1
}

function questionOf(operation: RouteContract & { name: string }, names: Names): fc.Arbitrary<Question> {
  const { name, method, url, schema } = operation
  const pathArbitrary = pathOf(url, names, url.startsWith('/v1/drafts'))
  const query = queryOf(Object.keys(schema.querystring?.properties ?? {}), names)
  const asked = method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD') : fc.constant(method)
  const headers = fc.constantFrom({}, {}, {}, { accept: 'text/plain' }, { 'if-none-match': '*' })
  return fc
    .record({ path: pathArbitrary, query, method: asked, headers, body: bodyOf(name, names) })
    .map(({ path, query: text, body, ...rest }) => ({
      operation: name,
      path: text === '' ? path : `${path}?${text}`,
      ...rest,
      ...(body !== undefined && { body }),
    }))
}

function pathOf(url: string, names: Names, isDraft: boolean): fc.Arbitrary<string> {
  const parts = url.split('/').map((part) => {
    if (!part.startsWith(':')) return fc.constant(part)
    return oneIn(10, oddText, madeUp(isDraft && part === ':id' ? 'draft' : part.slice(1), names)).map(encode)
  })
  return fc.tuple(...parts).map((found) => found.join('/'))
}

function queryOf(parameters: readonly string[], names: Names): fc.Arbitrary<string> {
  const given = parameters.map((name) => {
    const value = oneIn(12, oddText, madeUp(name, names)).map((text) => `${name}=${encode(text)}`)
    return likely.includes(name) ? oneIn(5, fc.constant(''), value) : oneIn(3, value, fc.constant(''))
  })
  const extra = oneIn(
    15,
    fc.constantFrom('limit=1&limit=2', 'unknown=1', 'q', '%00', '=', 'position=01'),
    fc.constant(''),
  )
  return fc.tuple(...given, extra).map((found) => found.filter((part) => part !== '').join('&'))
}

/** Without which a request would hardly ever get past the form. */
const likely = ['q', 'origin', 'from', 'record', 'limit', 'format']

const oddText = fc.oneof(
  fc.constantFrom(
    '',
    '..',
    '%',
    '\u0000',
    "' or 1=1 --",
    '{{7*7}}',
    '-1',
    '1e3',
    '007',
    '9007199254740993',
    '__proto__',
  ),
  fc.constantFrom('null', '[]', '{}', '\ud83d\ude00', '\u202e', 'A'.repeat(300), '../records', 'a/b', 'https://'),
  fc.string({ maxLength: 40 }),
)

function madeUp(name: string, names: Names): fc.Arbitrary<string> {
  const arbitrary = values(names)[name]
  if (!arbitrary) throw new Error(`there is no way to make up the parameter ${name}`)
  return arbitrary
}

const origins = [`${ids.own.slice(8)}/log/1`, `${ids.copied.slice(8)}/log/1`, 'nobody.example/log/1']
const unknownFinding = '01890a5d-ac96-774b-bcce-b302099a8057'

function values({ records, findings, drafts, cursors, size }: Names): Record<string, fc.Arbitrary<string>> {
  const record = fc.oneof(fc.constantFrom(...records), fc.constantFrom(...records), unknownRecord)
  const number = (most: number) => fc.nat({ max: most }).map(String)
  const text = (...given: string[]) => fc.constantFrom(...given)
  const iss = text(...Object.values(ids))
  return {
    id: record,
    record,
    draft: text(...drafts, ...drafts, unknownFinding),
    finding: text(...findings, ...findings, unknownFinding),
    iss,
    origin: text(...origins),
    cursor: fc.oneof(text(...cursors), text(...cursors).chain(spoil)),
    limit: fc.oneof(number(6), text('1', '2', '50', '200', '201', '1000')),
    position: number(size + 1),
    size: number(size + 1),
    from: fc.oneof(number(size + 1), number(8)),
    to: fc.oneof(number(size + 1), text('/v1/records')),
    accessAt: number(10),
    wait: text('0'),
    comment: number(2),
    type: text('observation', 'marking', 'withdrawal', 'group', 'keyset', 'evaluation', 'nothing'),
    tlp: text('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'),
    status: text('current', 'superseded', 'withdrawn'),
    sort: text('relevance', 'newest'),
    facets: text('true', 'false'),
    subject: text('Model A', 'nothing'),
    developer: text('Hidden Lab', 'nothing'),
    benchmark: text('nothing'),
    protocol: text('nothing'),
    risk: text('nothing'),
    language: text('en', 'sw', 'fr'),
    phase: text('nothing'),
    objective: text('nothing'),
    year: text('2025', '2026'),
    since: text('2025-01-01', '2026-01-01'),
    until: text('2025-12-31', '2030-01-01'),
    q: words,
    federated: text('true', 'false'),
    budgetMs: text('50', '60'),
    granularity: text('boolean', 'count', 'summary', 'full'),
    label: text('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'),
    query: text(unknownFinding),
    style: text('plain', 'bibtex', 'ris', 'csl-json', 'nothing'),
    format: text('csv', 'jsonl', 'csv', 'jsonl', 'nothing'),
    code: text('not-found', 'invalid', 'nothing'),
    actor: text('ada', 'staff'),
    act: text('publish', 'withdraw'),
    state: text('state'),
  }
}

const unknownRecord = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))

/** Words of closed records, of open ones, and of all. */
const words = fc
  .array(
    fc.oneof(
      fc.constantFrom(...history.map(({ name }) => wordOf(name))),
      fc.constantFrom(commonWord, 'swahili', 'circle', 'marked', 'observation', 'marking', 'nowhere'),
      fc.constantFrom(
        commonWord,
        commonWord,
        `-${commonWord}`,
        `"${commonWord}"`,
        '"',
        '-',
        '|',
        '!',
        ':*',
        '漢字',
        '\\',
      ),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((found) => found.join(' '))

/** One character another. */
function spoil(cursor: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat({ max: Math.max(0, cursor.length - 1) }), fc.constantFrom('A', 'M', 'Q', 'z', '4'))
    .map(([at, other]) => cursor.slice(0, at) + other + cursor.slice(at + 1))
}

function bodyOf(name: string, names: Names): fc.Arbitrary<unknown> {
  if (name === 'answerSearch') return oneIn(10, fc.constantFrom({}, [], { queryId: '' }), searches(names))
  if (name !== 'previewAudience') return fc.constant(undefined)
  const group = fc.record({ iss: madeUp('iss', names), finding: madeUp('finding', names) })
  const mark = fc.record(
    { tlp: madeUp('tlp', names), relay: fc.constantFrom('none', 'any'), group },
    { requiredKeys: ['tlp', 'relay'] },
  )
  const members = fc.array(fc.record({ iss: madeUp('iss', names) }), { maxLength: 3 })
  return fc.record({ mark, record: madeUp('record', names), members }, { requiredKeys: ['mark'] })
}

function searches(names: Names): fc.Arbitrary<unknown> {
  return fc.record({
    queryId: fc.constant('query-of-a-test'),
    budgetMs: fc.constant(1_000),
    granularity: fc.constantFrom('boolean', 'count', 'summary', 'full'),
    for: fc.constantFrom('staff', 'researcher'),
    label: fc.constantFrom('CLEAR', 'AMBER', 'RED'),
    filters: fc.record({ q: words, type: madeUp('type', names) }, { requiredKeys: ['q'] }),
    limit: fc.integer({ min: 1, max: 50 }),
  })
}

/** One in so many is the odd one. */
function oneIn<Value>(many: number, odd: fc.Arbitrary<Value>, usual: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 1, arbitrary: odd }, { weight: many - 1, arbitrary: usual })
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** Every position by its proof, and every size. */
export function proofs(names: Names): Question[] {
  return Array.from({ length: names.size + 2 }, (_, at) => [
    { operation: 'proveInclusion', path: `/v1/log/proof/inclusion?position=${at}` },
    { operation: 'proveConsistency', path: `/v1/log/proof/consistency?from=${at}` },
  ]).flat()
}

/** Every record cited and described, and searches taken along and followed: with words, without, and by label. */
export function takenAway({ records }: Names): Question[] {
  const styles = ['plain', 'bibtex', 'ris', 'csl-json']
  const searches = [
    '',
    `q=${commonWord}`,
    `q=${wordOf('red')}`,
    'tlp=RED',
    'tlp=AMBER',
    'status=withdrawn',
    'type=group',
  ]
  return [
    ...records.flatMap((id, at) => [
      { operation: 'getCitation', path: `/v1/records/${id}/citation?style=${styles[at % styles.length]}` },
      { operation: 'getJsonLd', path: `/v1/records/${id}/json-ld` },
    ]),
    ...searches.flatMap((asked, at) => [
      { operation: 'feedSearch', path: `/v1/search/feed?${asked}` },
      { operation: 'exportSearch', path: `/v1/search/export?format=${at % 2 === 0 ? 'csv' : 'jsonl'}&${asked}` },
    ]),
  ]
}

/** Acts on what is closed, or never was: refused, and refused alike. */
export function refusals({ records, findings, drafts }: Names): Question[] {
  const record = [...records, 'A'.repeat(43)].flatMap((id) => [
    act('markRecord', 'POST', `/v1/records/${id}/marking`, { mark: { tlp: 'RED', relay: 'none' } }),
    act('createDraft', 'POST', '/v1/drafts', markingDraft(id)),
  ])
  const finding = [...findings, unknownFinding].flatMap((id) => [
    act('reviseFinding', 'POST', `/v1/findings/${id}/revise`),
    act('withdrawFinding', 'POST', `/v1/findings/${id}/withdraw`, { reason: 'error' }),
    act('replaceGroup', 'PUT', `/v1/groups/${id}`, { name: { en: 'Circle' }, members: [] }),
  ])
  const draft = [...drafts, unknownFinding].flatMap((id) => [
    act('replaceDraft', 'PUT', `/v1/drafts/${id}`, draftInput),
    act('deleteDraft', 'DELETE', `/v1/drafts/${id}`),
    act('publishDraft', 'POST', `/v1/drafts/${id}/publish`),
    act('submitDraft', 'POST', `/v1/drafts/${id}/submit`, {}),
    act('recallDraft', 'POST', `/v1/drafts/${id}/recall`),
    act('addComment', 'POST', `/v1/drafts/${id}/comments`, { text: 'a comment' }),
    act('addClearance', 'POST', `/v1/drafts/${id}/clearances`, { developer: 'somebody' }),
  ])
  return [...record, ...finding, ...draft]
}

const draftInput = { type: 'observation', lang: 'en', mark: { tlp: 'GREEN', relay: 'none' }, content: {} }

function markingDraft(record: string) {
  const mark = { tlp: 'RED', relay: 'none' }
  const rel = [{ kind: 'remarks', target: { iss: ids.own, record } }]
  return { type: 'marking', lang: 'en', mark, content: { mark }, rel }
}

let keys = 0

function act(operation: string, method: string, path: string, body?: unknown): Question {
  const headers = { 'idempotency-key': `refused-${keys++}`, 'if-match': '"1"' }
  return { operation, method, path, headers, ...(body !== undefined && { body }) }
}
