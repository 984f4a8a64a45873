import { type AccessItem, parseAccessPageUnsafe, parseEntryLine, parseTrailerLine } from '@concordance/protocol'
import type { Answer } from '../../services/node/test/support/send.ts'
import type { Asked, Caller } from './callers.ts'
import { type Findings, hold, holdList, holdSilence, nameOf, type Shown } from './hold.ts'
import { mayCall } from './operations.ts'
import {
  expected,
  expectedOfPeer,
  isPeerStanding,
  type Label,
  type Owner,
  observable,
  peerStandings,
  rowOf,
  sample,
  told,
  type ViewerName,
} from './oracle.ts'
import { commonWord, type Planted } from './plant.ts'
import { originOf, post, questionOf } from './probes.ts'
import type { World } from './world.ts'

/** Calls one operation as one viewer in every way that can show records, and holds what comes against the oracle. */
type Show = (call: Call) => Promise<void>

/** Every operation that can show a record, by its id. */
export const shows: Readonly<Record<string, Show>> = {
  listRecords,
  getRecord: (call) => each(call, allOrSampled(call), showRecord),
  getRecordBody: (call) => each(call, sampled(call), showBody),
  getRecordProof: (call) => each(call, sampled(call), showProof),
  getCitation: (call) => each(call, sampled(call), showCitation),
  getJsonLd: (call) => each(call, sampled(call), showJsonLd),
  listCitations: (call) => each(call, sampled(call), showCitations),
  getFinding: (call) => each(call, sampled(call), showFinding),
  proveInclusion: (call) => each(call, call.viewer === 'anonymous' ? stored(call) : briefly(call), showInclusion),
  explainAccess: (call) => each(call, allOrSampled(call), showAudience),
  previewAudience,
  search: async (call) => {
    await searchHere(call)
    if (call.viewer !== 'anonymous' && !isPeerStanding(call.viewer)) await searchEverywhere(call)
  },
  streamSearch: streamEverywhere,
  exportSearch,
  feedSearch,
  answerSearch,
  listEntries,
  listAccess,
  listObservations,
}

/** One operation as one viewer. */
export interface Call {
  readonly world: World
  readonly findings: Findings
  readonly operation: string
  readonly viewer: ViewerName
  readonly caller: Caller
}

/** Runs every show that the viewer may call. */
export async function showAll(world: World, findings: Findings, operation: string): Promise<void> {
  const show = shows[operation]
  for (const [viewer, caller] of Object.entries(world.callers) as [ViewerName, Caller][]) {
    if (show && mayCall(operation, viewer)) await show({ world, findings, operation, viewer, caller })
  }
}

interface View extends Shown {
  readonly title: object
  readonly facets: object
  readonly mark: { readonly tlp: Label }
  readonly status: string
}

/** The whole list page by page, then by each filter: what is hidden is in no count of any of them. */
async function listRecords(call: Call): Promise<void> {
  const items = await walk(call, '60')
  holdViews(call, stored(call), items)
  for (const label of ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const) {
    await narrowTo(call, `tlp=${encodeURIComponent(label)}`, ({ owner, name }) => rowOf(owner, name).label === label)
  }
  for (const type of ['observation', 'marking', 'withdrawal', 'group', 'keyset']) {
    await narrowTo(call, `type=${type}`, (record) => record.type === type)
  }
  for (const { deps } of [call.world.node, call.world.origin]) {
    const { iss } = deps.identity
    const owner = deps === call.world.node.deps ? 'own' : 'mirrored'
    await narrowTo(call, `iss=${encodeURIComponent(iss)}`, (record) => record.owner === owner)
  }
  for (const status of ['current', 'superseded', 'withdrawn']) {
    await narrowTo(call, `status=${status}`, (record) => statusOf(call, record) === status)
  }
}

/** A few of them, for what is one more filter of a list that was read whole. */
function briefly(call: Call): readonly Planted[] {
  return stored(call).filter(({ name }) => ['strict', 'red', 'clear~+', 'green,withdrawn'].includes(name))
}

async function narrowTo(
  call: Call,
  filter: string,
  belongs: (record: Planted) => boolean,
  records: readonly Planted[] = stored(call),
): Promise<void> {
  const shown = await walk(call, `200&${filter}`)
  holdList(call.findings, call, records, shown, (record) => (belongs(record) ? mustBe(call, record) : '-'))
}

async function walk(call: Call, limit: string): Promise<View[]> {
  const items: View[] = []
  let cursor = ''
  do {
    const page = await ask(call, { path: `/v1/records?limit=${limit}${cursor && `&cursor=${cursor}`}` })
    const { items: more = [], next = '' } = page.json<{ items?: View[]; next?: string }>()
    items.push(...more.map(viewOf))
    cursor = next
  } while (cursor !== '')
  return items
}

/** Holds what each view says, beyond that it is there. */
function holdViews(call: Call, records: readonly Planted[], shown: readonly View[]): void {
  holdList(call.findings, call, records, shown, (record) => mustBe(call, record))
  for (const view of shown) {
    const record = records.find(({ recordId }) => recordId === view.recordId)
    if (record) holdView(call, record, view)
  }
}

function holdView(call: Call, record: Planted, { title, facets, mark, status }: View): void {
  const { findings } = call
  const what = nameOf(record)
  const label = rowOf(record.owner, record.name).label
  hold(findings, { ...call, what: `the label of ${what}`, must: label, is: mark.tlp })
  hold(findings, { ...call, what: `the status of ${what}`, must: statusOf(call, record), is: status })
  if (mustBe(call, record) === 's') {
    const said = Object.keys(title).length + Object.keys(facets).length
    hold(findings, { ...call, what: `words in title and facets of ${what}`, must: 0, is: said })
  }
}

async function showRecord(call: Call, record: Planted): Promise<void> {
  const answer = await ask(call, { path: `/v1/records/${record.recordId}` })
  const must = mustBe(call, record)
  const view = answer.status === 200 ? answer.json<View & { body: string | null; versions: Shown[] }>() : undefined
  const is = view ? viewOf(view).state : answer.status === 404 ? '-' : `status ${answer.status}`
  hold(call.findings, { ...call, what: nameOf(record), must, is })
  if (!view) return
  holdView(call, record, view)
  const body = view.body === null ? 'closed' : 'there'
  hold(call.findings, {
    ...call,
    what: `the body of ${nameOf(record)}`,
    must: must === 'o' ? 'there' : 'closed',
    is: body,
  })
  holdVersions(call, record, view.versions)
}

async function showBody(call: Call, record: Planted): Promise<void> {
  const { status, text } = await ask(call, { path: `/v1/records/${record.recordId}/body` })
  const must = { o: 200, s: 410, '-': 404 }[mustBe(call, record)]
  hold(call.findings, { ...call, what: nameOf(record), must, is: status })
  if (status !== 200 || record.word === undefined) return
  const is = text.includes(record.word) ? 'its own' : 'another'
  hold(call.findings, { ...call, what: `the body of ${nameOf(record)}`, must: 'its own', is })
}

async function showProof(call: Call, record: Planted): Promise<void> {
  const answer = await ask(call, { path: `/v1/records/${record.recordId}/proof` })
  const must = mustBe(call, record)
  hold(call.findings, { ...call, what: nameOf(record), must: must === '-' ? 404 : 200, is: answer.status })
  if (answer.status !== 200) return
  const is = answer.json<{ body: string | null }>().body === null ? 's' : 'o'
  hold(call.findings, { ...call, what: `the body of ${nameOf(record)}`, must, is })
}

async function showCitation(call: Call, record: Planted): Promise<void> {
  const what = nameOf(record)
  const style = citationStyles[record.position % citationStyles.length]
  const answer = await ask(call, { path: `/v1/records/${record.recordId}/citation?style=${style}` })
  hold(call.findings, { ...call, what, must: mustBe(call, record) === '-' ? 404 : 200, is: answer.status })
  if (answer.status !== 200) return
  const { label } = rowOf(record.owner, record.name)
  const is = /TLP:([A-Z]+(\+STRICT)?)/.exec(answer.text)?.[1] ?? 'none'
  hold(call.findings, { ...call, what: `the label in the citation of ${what}`, must: label, is })
  const said = /Superseded by version|Withdrawn by its institute/.exec(answer.text)?.[0]
  const standing = said?.split(' ')[0]?.toLowerCase() ?? 'current'
  hold(call.findings, { ...call, what: `the standing of ${what}`, must: statusOf(call, record), is: standing })
}

const citationStyles = ['plain', 'bibtex', 'ris', 'csl-json']

/** For what the public may read, as the public sees it. */
async function showJsonLd(call: Call, record: Planted): Promise<void> {
  const answer = await ask(call, { path: `/v1/records/${record.recordId}/json-ld` })
  const publicly = { o: 200, s: 410, '-': 406 }[expected('anonymous', record.owner, record.name)]
  const must = mustBe(call, record) === '-' ? 404 : publicly
  hold(call.findings, { ...call, what: nameOf(record), must, is: answer.status })
}

/** None of the planted records cites another: withdrawing and marking is no citation. */
async function showCitations(call: Call, record: Planted): Promise<void> {
  const answer = await ask(call, { path: `/v1/records/${record.recordId}/citations` })
  const what = nameOf(record)
  hold(call.findings, { ...call, what, must: mustBe(call, record) === '-' ? 404 : 200, is: answer.status })
  const { items = [] } = answer.json<{ items?: Shown[] }>()
  hold(call.findings, { ...call, what: `what cites ${what}`, must: 0, is: items.length })
}

async function showFinding(call: Call, record: Planted): Promise<void> {
  const iss = encodeURIComponent(issuerOf(call.world, record.owner))
  const answer = await ask(call, { path: `/v1/findings/${iss}/${record.finding}` })
  const isSeen = sharing(call, record).some((other) => mustBe(call, other) !== '-')
  hold(call.findings, { ...call, what: nameOf(record), must: isSeen ? 200 : 404, is: answer.status })
  if (answer.status === 200) holdVersions(call, record, answer.json<{ versions: Shown[] }>().versions)
}

function holdVersions(call: Call, record: Planted, versions: readonly Shown[]): void {
  const shown = versions.map(({ recordId }) => ({ recordId, state: 'listed' }))
  const must = (other: Planted) => (mustBe(call, other) === '-' ? '-' : 'listed')
  holdList(call.findings, call, sharing(call, record), shown, must)
}

/** By its id an entry is proven to whoever may know of it; this operation knows nobody, whatever they send along. */
async function showInclusion(call: Call, record: Planted): Promise<void> {
  const { status } = await ask(call, { path: `/v1/log/proof/inclusion?record=${record.recordId}` })
  const isKnown = record.owner === 'own' && expected('anonymous', 'own', record.name) !== '-'
  hold(call.findings, { ...call, what: nameOf(record), must: isKnown ? 200 : 404, is: status })
}

interface Audience {
  readonly peers: readonly { readonly iss: string; readonly opens: boolean }[]
  readonly public: { readonly opens: boolean }
}

async function showAudience(call: Call, record: Planted): Promise<void> {
  const answer = await ask(call, { path: `/v1/records/${record.recordId}/audience` })
  const isTold = record.owner === 'own' && mustBe(call, record) !== '-'
  hold(call.findings, { ...call, what: nameOf(record), must: isTold ? 200 : 404, is: answer.status })
  if (answer.status === 200) holdAudience(call, nameOf(record), record.name, answer.json<Audience>())
}

/** Who is in a group is for staff. */
const outsiders: readonly ViewerName[] = ['researcher', 'visitor']

/** Exactly the active peers, each with what it will get. */
function holdAudience(call: Call, what: string, name: string, { peers, public: everybody }: Audience): void {
  const { findings, world } = call
  if (outsiders.includes(call.viewer)) {
    hold(findings, { ...call, what: `${what}: peers told to a researcher`, must: 0, is: peers.length })
    return
  }
  const opens = new Map(peers.map(({ iss, opens }) => [iss, opens ? 'opens' : 'closed']))
  for (const peer of peerStandings) {
    const must = expectedOfPeer(peer, name) === '-' ? 'closed' : 'opens'
    const is = opens.get(world.peers[peer].iss) ?? 'not listed'
    hold(findings, { ...call, what: `${what}: ${peer}`, must, is })
  }
  const must = expectedOfPeer('public', name) === '-' ? 'closed' : 'opens'
  hold(findings, { ...call, what: `${what}: the public`, must, is: everybody.opens ? 'opens' : 'closed' })
  hold(findings, { ...call, what: `${what}: peers listed`, must: peerStandings.length + 1, is: peers.length })
}

/** A new record of the marking that one of the world was published with. */
async function previewAudience(call: Call): Promise<void> {
  const names = ['clear', 'green', 'amber', 'strict', 'red', 'clear~', 'clear~+', 'green~', 'green~+', 'amber~']
  for (const name of [...names, 'strict~', 'amber,lapsed', 'strict,foreign', 'amber,nowhere']) {
    const record = call.world.records.find((one) => one.owner === 'own' && one.name === name)
    const mark = await markOf(call.world, record?.position ?? -1)
    holdAudience(call, name, name, (await ask(call, post('/v1/audience', { mark }))).json<Audience>())
  }
}

async function markOf({ node }: World, position: number): Promise<unknown> {
  const { db } = node.deps
  const ofOurs = db.selectFrom('record').innerJoin('log', 'log.id', 'record.log').where('is_own', '=', true)
  return (await ofOurs.select('mark').where('record.position', '=', position).executeTakeFirstOrThrow()).mark
}

async function searchHere(call: Call): Promise<void> {
  await holdSearch(call, '', (record) => mustBe(call, record))
  await holdSearch(call, `&q=${commonWord}`, (record) => (isFound(call, record) ? 'o' : '-'))
  for (const label of ['GREEN', 'AMBER+STRICT', 'RED'] as const) {
    const isLabelled = ({ owner, name }: Planted) => rowOf(owner, name).label === label
    const narrow = `&tlp=${encodeURIComponent(label)}`
    await holdSearch(call, narrow, (record) => (isLabelled(record) ? mustBe(call, record) : '-'))
    const must = (record: Planted) => (isLabelled(record) && isFound(call, record) ? 'o' : '-')
    await holdSearch(call, `&q=${commonWord}${narrow}`, must)
  }
  for (const status of ['current', 'superseded', 'withdrawn']) {
    const must = (record: Planted) => (statusOf(call, record) === status ? mustBe(call, record) : '-')
    await holdSearch(call, `&status=${status}`, must)
  }
  await each(call, allOrSampled(call), async (_, record) => {
    if (record.word === undefined) return
    const { hits, matched } = await search(call, `&q=${record.word}`)
    const must = isFound(call, record) ? 'o' : '-'
    holdList(call.findings, call, [record], hits, () => must)
    hold(call.findings, { ...call, what: `matches of ${nameOf(record)}`, must: hits.length, is: matched })
  })
}

interface Found {
  readonly hits: View[]
  readonly matched: number
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>
}

/** Every page of one search: its hits, how many it says there are, and the counts of what all records have. */
async function holdSearch(call: Call, asked: string, must: (record: Planted) => string): Promise<void> {
  const { hits, matched, facets } = await search(call, asked)
  const belonging = stored(call).filter((record) => must(record) !== '-')
  holdList(call.findings, call, stored(call), hits, must)
  hold(call.findings, { ...call, what: `matches of ${asked}`, must: belonging.length, is: matched })
  const counted: Readonly<Record<string, (record: Planted) => string>> = {
    iss: ({ owner }) => issuerOf(call.world, owner),
    type: ({ type }) => type,
    tlp: ({ owner, name }) => rowOf(owner, name).label,
    status: (record) => statusOf(call, record),
  }
  for (const [name, of] of Object.entries(counted)) {
    const expectedCounts = [...Map.groupBy(belonging, of)].map(([value, records]) => `${value} ${records.length}`)
    const counts = (facets[name] ?? []).map(({ value, count }) => `${value} ${count}`)
    const what = `counts by ${name} of ${asked}`
    hold(call.findings, { ...call, what, must: expectedCounts.sort().join(), is: counts.sort().join() })
  }
}

async function search(call: Call, asked: string): Promise<Found> {
  const hits: View[] = []
  let first: Found | undefined
  for (let cursor = ''; ; ) {
    const answer = await ask(call, { path: `/v1/search?limit=60${asked}${cursor && `&cursor=${cursor}`}` })
    const page = answer.json<Found & { next?: string }>()
    first ??= page
    hits.push(...page.hits.map(viewOf))
    hold(call.findings, { ...call, what: `matches on a later page of ${asked}`, must: first.matched, is: page.matched })
    if (page.next === undefined) return { ...first, hits }
    cursor = page.next
  }
}

/** What a search finds, in both files, and the strictest label of it all. */
async function exportSearch(call: Call): Promise<void> {
  const must = (record: Planted) => (isFound(call, record) ? 'o' : '-')
  const take = async (q: string, records: readonly Planted[]) => {
    const path = `/v1/search/export?q=${q}&format=`
    const lines = (await ask(call, { path: `${path}jsonl` })).text.trimEnd().split('\n')
    const { end } = JSON.parse(lines.pop() ?? '') as { end: { records: number; marking?: string } }
    const views = lines.map((line) => viewOf(JSON.parse(line) as View))
    holdList(call.findings, call, records, views, must)
    const strictest = strictness.findLast((label) => records.some((one) => must(one) === 'o' && labelOf(one) === label))
    const marking = strictest === undefined ? 'none' : `TLP:${strictest}`
    hold(call.findings, { ...call, what: 'the label of the whole', must: marking, is: end.marking ?? 'none' })
    const rows = (await ask(call, { path: `${path}csv` })).text.split('\r\n').map((line) => line.split('","'))
    const ids = rows.flatMap(([row, ...cells]) =>
      row === '"record' ? [{ recordId: (cells[5] ?? '').replace('urn:concordance:record:', ''), state: 'o' }] : [],
    )
    holdList(call.findings, call, records, ids, must)
    const last = rows.find(([row]) => row === '"end')?.[1] || 'none'
    hold(call.findings, { ...call, what: 'the label of the whole in CSV', must: marking, is: last })
  }
  await take(commonWord, stored(call))
  await each(call, briefly(call), async (_, record) => {
    if (record.word !== undefined) await take(record.word, [record])
  })
}

const strictness: readonly Label[] = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED']

function labelOf({ owner, name }: Planted): Label {
  return rowOf(owner, name).label
}

const entriesAtMost = 50

/** Entries for what is open, tombstones for what was taken back: these whatever was asked for in its body. */
async function feedSearch(call: Call): Promise<void> {
  const feed = async (q: string) => {
    const { text } = await ask(call, { path: `/v1/search/feed?q=${q}` })
    const idsIn = (pattern: RegExp) =>
      [...text.matchAll(pattern)].map(([, recordId = '']) => ({ recordId, state: 'listed' }))
    const deleted = idsIn(/<at:deleted-entry ref="urn:concordance:record:([\w-]+)"/g)
    holdList(call.findings, call, stored(call), deleted, (record) => (mustBe(call, record) === 's' ? 'listed' : '-'))
    return idsIn(/<entry>\n<id>urn:concordance:record:([\w-]+)</g)
  }
  const found = stored(call).filter((record) => isFound(call, record))
  const all = await feed(commonWord)
  hold(call.findings, { ...call, what: 'entries', must: Math.min(found.length, entriesAtMost), is: all.length })
  const strangers = all.filter(({ recordId }) => !found.some((record) => record.recordId === recordId))
  hold(call.findings, { ...call, what: 'entries that do not belong there', must: 0, is: strangers.length })
  await each(call, sampled(call), async (_, record) => {
    if (record.word === undefined) return
    const must = (one: Planted) => (isFound(call, one) ? 'listed' : '-')
    holdList(call.findings, call, [record], await feed(record.word), must)
  })
}

/** Live answers bring what is not copied yet; they open nothing that the copy would close. */
async function searchEverywhere(call: Call): Promise<void> {
  const searchLive = async (q: string) => {
    const path = `/v1/search?q=${q}&limit=200&federated=true&budgetMs=5000`
    const { hits, institutes } = (await ask(call, { path }, true)).json<{ hits: View[]; institutes: Answered[] }>()
    const origin = institutes.find(({ iss }) => iss === call.world.origin.deps.identity.iss)
    hold(call.findings, { ...call, what: 'the answer of the other institute', must: 'ok', is: String(origin?.status) })
    return hits.map(viewOf)
  }
  const must = (record: Planted) => (isFound(call, record) ? 'o' : '-')
  holdList(call.findings, call, call.world.records, await searchLive(commonWord), must)
  const theirs = shownEach.includes(call.viewer) ? call.world.records : sampled(call)
  const others = theirs.filter(({ owner }) => owner !== 'own')
  await each(call, others, async (_, record) => {
    if (record.word !== undefined) holdList(call.findings, call, [record], await searchLive(record.word), must)
  })
}

/** Everything that a stream holds, whichever event brings it. */
async function streamEverywhere(call: Call): Promise<void> {
  const { text } = await ask(call, { path: `/v1/search/stream?q=${commonWord}&limit=200&budgetMs=5000` }, true)
  const found = [...text.matchAll(/^data: (.*)$/gm)].flatMap(
    ([, data = '{}']) => (JSON.parse(data) as { hits?: View[] }).hits ?? [],
  )
  const hits = [...new Map(found.map((hit) => [hit.recordId, viewOf(hit)])).values()]
  holdList(call.findings, call, call.world.records, hits, (record) => (isFound(call, record) ? 'o' : '-'))
}

interface Answered {
  readonly iss: string
  readonly status: string
}

/** What is never in a live answer, whoever asks. */
const stayAtHome: readonly Label[] = ['AMBER+STRICT', 'RED']
const hitsAtMost = 50

async function answerSearch(call: Call): Promise<void> {
  const isHit = (record: Planted) =>
    record.owner === 'own' &&
    isFound(call, record) &&
    statusOf(call, record, ({ name }) => !stayAtHome.includes(rowOf('own', name).label)) === 'current' &&
    !stayAtHome.includes(rowOf('own', record.name).label)
  const hits = stored(call).filter(isHit)
  const all = await question(call, commonWord, 'full')
  hold(call.findings, { ...call, what: 'matches', must: hits.length, is: all.matched })
  hold(call.findings, { ...call, what: 'hits', must: Math.min(hits.length, hitsAtMost), is: all.positions.length })
  const strangers = all.positions.filter((position) => !hits.some((record) => record.position === position))
  hold(call.findings, { ...call, what: 'hits that do not belong there', must: 0, is: strangers.length })
  for (const granularity of ['boolean', 'count', 'summary'] as const) {
    const { matched, positions } = await question(call, commonWord, granularity)
    const isBucket = granularity === 'count' && hits.length < 5
    const must = granularity === 'boolean' || isBucket ? Math.min(1, hits.length) : hits.length
    hold(call.findings, { ...call, what: `matches by ${granularity}`, must, is: matched })
    const shown = granularity === 'summary' ? Math.min(hits.length, hitsAtMost) : 0
    hold(call.findings, { ...call, what: `hits by ${granularity}`, must: shown, is: positions.length })
  }
  await each(call, sampled(call), async (_, record) => {
    if (record.word === undefined) return
    const { matched, positions } = await question(call, record.word, 'full')
    const must = isHit(record) ? 1 : 0
    hold(call.findings, { ...call, what: `matches of ${nameOf(record)}`, must, is: matched })
    hold(call.findings, { ...call, what: `hits of ${nameOf(record)}`, must, is: positions.length })
  })
}

async function question(call: Call, q: string, granularity: Parameters<typeof questionOf>[1]) {
  const given = await ask(call, post('/v1/search', questionOf(q, granularity)))
  const { answer, hits } = given.json<{ answer: string; hits: string[] }>()
  const { matched } = JSON.parse(Buffer.from(answer.split('.')[1] ?? '', 'base64url').toString()) as { matched: number }
  return { matched, positions: hits.map((hit) => (JSON.parse(hit) as { position: number }).position) }
}

const wordFor = { hash: '-', statement: 's', open: 'o' } as const

async function listEntries(call: Call): Promise<void> {
  const shown = new Map<number, string>()
  let from = 0
  for (let size = 1; from < size; ) {
    const { text } = await ask(call, { path: `/v1/log/entries?from=${from}&limit=37` })
    const [trailer = '', ...entries] = text.trimEnd().split('\n').reverse()
    for (const entry of entries.map(parseEntryLine)) shown.set(entry.position, wordFor[entry.state])
    const { next, checkpoint } = parseTrailerLine(trailer)
    size = (JSON.parse(Buffer.from(checkpoint.split('.')[1] ?? '', 'base64url').toString()) as { size: number }).size
    from = next
  }
  const ours = stored(call).filter(({ owner }) => owner === 'own')
  for (const record of ours) {
    const is = shown.get(record.position) ?? 'no entry'
    hold(call.findings, { ...call, what: nameOf(record), must: mustBe(call, record), is })
    shown.delete(record.position)
  }
  const others = [...shown.values()].filter((state) => state !== '-')
  hold(call.findings, { ...call, what: 'open entries that do not belong there', must: 0, is: others.length })
}

async function listAccess(call: Call): Promise<void> {
  const { viewer, findings } = call
  const answer = await ask(call, { path: '/v1/access?from=0' })
  const { items } = parseAccessPageUnsafe(answer.json<{ page: string }>().page).page
  const last = new Map(items.flatMap((item) => (item.kind === 'reset' ? [] : [[item.position, wordOf(item)]])))
  hold(findings, { ...call, what: 'resets', must: 0, is: items.filter(({ kind }) => kind === 'reset').length })
  for (const record of stored(call).filter(({ owner }) => owner === 'own')) {
    const must = isPeerStanding(viewer) ? (told.get(record.name)?.get(viewer) ?? '-') : '-'
    const is = last.get(record.position) ?? '-'
    last.delete(record.position)
    hold(findings, { ...call, what: nameOf(record), must, is })
  }
  hold(findings, { ...call, what: 'items that do not belong there', must: 0, is: last.size })
}

function wordOf({ kind }: AccessItem): string {
  return kind === 'granted' ? 'g' : 'r'
}

async function listObservations(call: Call): Promise<void> {
  const path = `/v1/log/checkpoints?origin=${encodeURIComponent(originOf(call.world.origin))}`
  const { versions } = (await ask(call, { path })).json<{ versions: { record: string }[] }>()
  const theirs = stored(call).filter(({ owner }) => owner === 'mirrored')
  const shown = versions.map(({ record }) => ({ recordId: record, state: 'listed' }))
  holdList(call.findings, call, theirs, shown, ({ name }) => (observable.has(name) ? 'listed' : '-'))
}

/** A few at a time: the database and this process then work side by side. */
async function each(
  call: Call,
  records: readonly Planted[],
  show: (call: Call, record: Planted) => Promise<void>,
): Promise<void> {
  const rest = [...records]
  const work = async () => {
    for (let record = rest.pop(); record; record = rest.pop()) await show(call, record)
  }
  await Promise.all(Array.from({ length: atATime }, work))
}

const atATime = 6

/** All records for a few viewers; for the others, who were all shown the whole list, a sample of every kind. */
function allOrSampled(call: Call): readonly Planted[] {
  return shownEach.includes(call.viewer) ? stored(call) : sampled(call)
}

const shownEach: readonly ViewerName[] = ['anonymous', 'researcher', 'author', 'member']

/** Records of every kind of marking, for what asks one by one and answers by the same rule as `getRecord`. */
function sampled(call: Call): readonly Planted[] {
  return stored(call).filter(({ name }) => sample.has(name))
}

/** One request, and a look through every byte of its answer. */
async function ask(call: Call, asked: Asked, isLive = false): Promise<Answer> {
  const answer = await call.caller.ask(asked)
  holdSilence(call.findings, call.world, call, asked, answer, isLive)
  return answer
}

/** Ours, and the copied ones. */
function stored({ world }: Call): readonly Planted[] {
  return world.records.filter(({ owner }) => owner !== 'live')
}

function sharing(call: Call, { owner, finding }: Planted): readonly Planted[] {
  return stored(call).filter((other) => other.owner === owner && other.finding === finding)
}

function mustBe({ viewer }: Call, { owner, name }: Planted) {
  return expected(viewer, owner, name)
}

/** Whether a search for a word in its body finds a record. */
function isFound(call: Call, record: Planted): boolean {
  return record.word !== undefined && mustBe(call, record) === 'o'
}

/**
 * A version is superseded by a newer one only for whoever may know of that one.
 *
 * @param counts Of newer versions, those that take part.
 */
function statusOf(call: Call, record: Planted, counts: (other: Planted) => boolean = () => true): string {
  if (mustBe(call, record) === 's') return 'withdrawn'
  const isNewer = (other: Planted) => other.version > record.version && mustBe(call, other) !== '-' && counts(other)
  return sharing(call, record).some(isNewer) ? 'superseded' : 'current'
}

function viewOf(view: View): View {
  return { ...view, state: view.state === 'open' ? 'o' : view.state === 'statement' ? 's' : view.state }
}

function issuerOf({ node, origin }: World, owner: Owner): string {
  return (owner === 'own' ? node : origin).deps.identity.iss
}
