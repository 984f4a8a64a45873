import { randomBytes, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestToken } from '@concordance/client'
import { api, type Marking, type RecordInput } from '@concordance/protocol'
import t from 'tap'
import { answersYaml, inspectLog } from '../../packages/cli/test/support/inspect-log.ts'
import { type Outcome, runCommand } from '../../packages/cli/test/support/run-command.ts'
import { openBrowser } from '../../services/node/test/support/browser.ts'
import { type Answer, type Outgoing, send } from '../../services/node/test/support/send.ts'
import { publishDraft, publishReviewed } from '../network/publish-reviewed.ts'
import type { Institute } from '../network/start-network.ts'
import { tamper } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import { type Canaries, createCanaries, type Kind } from './canaries.ts'
import { type Running, startRunning } from './running.ts'

t.test('canaries in restricted content, credentials and questions', async (t) => {
  const running = await startRunning(t, ['nairobi', 'oslo', 'lima'])
  const [origin, member, outsider] = running.network.institutes as [Institute, Institute, Institute]
  const canaries = createCanaries()
  const refusals: Answer[] = []

  const records = await plantContent(origin, canaries)
  await until('the member has what is for it', () => isThere(member, records.amber))
  await until('the outsider has what is for all', () => isThere(outsider, records.green))
  await showCredentials(running, origin, outsider, canaries, refusals)
  for (const institute of [origin, member, outsider]) await askOddly(institute, canaries, refusals)
  for (const { client } of [origin, member, outsider]) {
    const q = canaries.plant('query', `a search of ${randomUUID()}`)
    await client.call(api.search, { query: { q, federated: true } })
    await client.call(api.search, { query: { q: canaries.get('the body of an AMBER record'), federated: true } })
  }
  const exported = await exportAll(origin, member, outsider, records)
  const imported = await importLog(running, origin, canaries)
  await takeBack(origin, canaries, records)
  await until('the member knows of the withdrawal', async () => (await stateOf(member, records.strict)) === 'withdrawn')
  await breakDatabase(origin, canaries, refusals)

  await t.test('sing where they belong', async (t) => {
    const [toMember, toOutsider] = ['oslo', 'lima'].map((key) => heardOn(running, ['nairobi', key]))
    t.match(canaries.heardIn(exported.member, 'shared'), ['the body of an AMBER record'], exported.member)
    for (const place of ['the body of an AMBER record', 'the handling of an AMBER record', 'the name of a group']) {
      t.ok(canaries.heardIn(toMember ?? '', 'shared').includes(place), `${place} is heard by the member`)
    }
    t.ok(canaries.heardIn(toOutsider ?? '', 'query').length > 0, 'whoever is asked hears the words that are searched')
    const { items } = await origin.client.call(api.listDrafts, { query: {} })
    t.ok(
      canaries.heardIn(JSON.stringify(items)).includes('a draft that is never published'),
      'their authors read drafts',
    )
    const refused = refusals.map(({ text }) => text).join('\n')
    t.ok(canaries.heardIn(refused, 'name').includes('an unknown member at nairobi'), 'a refusal says what it refuses')
    t.equal(imported.exit, 0, imported.stderr)
    t.match(running.output(), /"level":20,/, 'the nodes log all they can')
    t.match(running.output(), /"route":"\/v1\/drafts\/:id\/send-back"/)
    t.match(running.output(), /"code":"23514"/, 'what the database refused is in the log')
    t.match(await running.metrics(), /concordance_http_requests_total\{route="\/v1\/search"/)
    t.ok(refusals.some(({ status }) => status >= 500) && refusals.length > 40, `${refusals.length} refusals`)
    t.comment(`${canaries.count} canaries, ${refusals.length} refusals`)
  })

  await t.test('are silent everywhere else:', async (t) => {
    const silent = (text: string, where: string, ...kinds: Kind[]) =>
      t.strictSame(canaries.heardIn(text, ...kinds), [], where)
    silent(running.output(), 'in what nodes write to their logs')
    silent(await running.metrics(), 'in metrics')
    for (const { status, headers, text } of refusals) {
      silent(`${JSON.stringify(headers)}${text}`, `in a ${status}: ${text}`, 'shared', 'home', 'token', 'query')
    }
    for (const [path, text] of running.files()) silent(text, `in ${path}`)
    silent(exported.outsiders, 'in what others export', 'shared', 'home', 'token')
    for (const pair of [
      ['nairobi', 'lima'],
      ['oslo', 'lima'],
    ] as const) {
      silent(withoutQuestions(running, pair), `on the lines of ${pair.join(' and ')}`)
    }
    silent(heardOn(running, ['nairobi', 'oslo']), 'on the lines of the member', 'home', 'token')
  })
})

interface Records {
  readonly amber: string
  readonly strict: string
  readonly green: string
  readonly closed: readonly string[]
}

/** Records of every label and all the words that are said about them at home. */
async function plantContent(origin: Institute, canaries: Canaries): Promise<Records> {
  const { client } = origin
  const group = await publishGroup(origin, canaries)
  const handling = canaries.plant('shared', 'the handling of an AMBER record')
  const amber: Marking = { tlp: 'AMBER', relay: 'none', group, handling }
  const draft = await client.call(api.createDraft, {
    headers: key(),
    body: input(amber, canaries.plant('shared', 'the body of an AMBER record')),
  })
  await discuss(origin, canaries, draft.id)
  const { recordId } = await publishDraft(
    origin,
    await client.call(api.getDraft, { params: { id: draft.id } }),
    randomUUID(),
  )
  const publish = async (mark: Marking, words: string) =>
    (await publishReviewed(origin, input(mark, words), randomUUID())).recordId
  const embargoUntil = Math.floor(Date.now() / 1_000) + 3_600
  const strict = await publish(
    { ...amber, tlp: 'AMBER+STRICT' },
    canaries.plant('shared', 'the body of a STRICT record'),
  )
  const red = await publish({ tlp: 'RED', relay: 'none' }, canaries.plant('home', 'the body of a RED record'))
  const waiting = await publish(
    { tlp: 'GREEN', relay: 'none', embargoUntil },
    canaries.plant('home', 'a body under embargo'),
  )
  const green = await publish({ tlp: 'GREEN', relay: 'none' }, 'what is for all peers')
  const words = canaries.plant('home', 'a draft that is never published')
  await client.call(api.createDraft, { headers: key(), body: input({ tlp: 'RED', relay: 'none' }, words) })
  return { amber: recordId, strict, green, closed: [recordId, strict, red, waiting] }
}

async function publishGroup(origin: Institute, canaries: Canaries) {
  const name = { en: canaries.plant('shared', 'the name of a group') }
  const purpose = { en: canaries.plant('shared', 'the purpose of a group') }
  const body = { name, purpose, members: [{ iss: 'https://oslo.example' }] }
  const draft = await origin.client.call(api.createGroup, { headers: key(), body })
  await publishDraft(origin, draft, randomUUID())
  return { iss: origin.entityId, finding: draft.finding }
}

/** Submits a draft, comments on it, sends it back, and lets a developer be shown it: everything with words. */
async function discuss({ client, reviewer }: Institute, canaries: Canaries, id: string): Promise<void> {
  const params = { id }
  const { etag } = await client.call(api.getDraft, { params })
  const asRead = () => ({ ...key(), 'if-match': `"${etag}"` })
  const home = (place: string) => canaries.plant('home', place)
  await client.call(api.submitDraft, { params, headers: asRead(), body: { note: home('a note to the reviewer') } })
  const comment = { pointer: '/content/seen', text: home('a comment') }
  await reviewer.call(api.addComment, { params, headers: asRead(), body: comment })
  const reason = home('a reason for sending back')
  await reviewer.call(api.sendBackDraft, { params, headers: asRead(), body: { reason } })
  const agreement = { developer: home('a developer'), agreement: home('an agreement'), dueOn: '2031-01-01' }
  const clearance = await client.call(api.addClearance, { params, headers: key(), body: agreement })
  const why = { reason: home('a reason for not waiting') }
  await client.call(api.overrideClearance, { params: { id, clearance: clearance.id }, body: why })
  await client.call(api.submitDraft, { params, headers: asRead(), body: {} })
  const hazard = { answer: 'mitigated', text: home('an answer about hazards') } as const
  await reviewer.call(api.approveDraft, {
    params,
    headers: asRead(),
    body: { hazard, note: home('a note of approval') },
  })
  await client.call(api.recallDraft, { params, headers: asRead() })
}

/** Narrows one record and withdraws another, each with words. */
async function takeBack({ client }: Institute, canaries: Canaries, { amber, strict }: Records): Promise<void> {
  const { mark } = await client.call(api.getRecord, { params: { id: amber } })
  const reason = { en: canaries.plant('shared', 'a reason for another marking') }
  await client.call(api.markRecord, {
    params: { id: amber },
    headers: key(),
    body: { mark: { ...mark, tlp: 'AMBER+STRICT' }, reason },
  })
  const { finding } = await client.call(api.getRecord, { params: { id: strict } })
  const note = { en: canaries.plant('shared', 'a note to a withdrawal') }
  await client.call(api.withdrawFinding, { params: { finding }, headers: key(), body: { reason: 'error', note } })
}

/** A sign-in with its code, state and session, tokens of programs, and a request of a peer: each used, and used wrongly. */
async function showCredentials(
  running: Running,
  origin: Institute,
  outsider: Institute,
  canaries: Canaries,
  refusals: Answer[],
): Promise<void> {
  const url = urlOf(origin)
  const keep = (outgoing: Outgoing) => ask(url, outgoing, refusals)
  const token = (place: string, word: string) => canaries.adopt('token', place, word)
  for (const { token: text, key: name } of running.network.institutes) token(`the API token of ${name}`, text)
  const browser = openBrowser(url, url)
  const back = await browser.visitProvider('author')
  const { searchParams } = new URL(back, url)
  token('the code of a sign-in', searchParams.get('code') ?? '')
  token('the state of a sign-in', searchParams.get('state') ?? '')
  await keep({ path: back })
  await browser.ask({ path: back })
  for (const [name, value] of browser.cookies) token(`the cookie ${name}`, value)
  await browser.ask({ path: back })
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const own = { cookie, origin: url, 'concordance-request': '1' }
  const body = { name: 'laptop', scopes: ['read'], days: 1 }
  const made = (await keep({ method: 'POST', path: '/v1/tokens', headers: own, body })).json<{ token: string }>()
  token('an API token of a person', made.token)
  await keep({ path: '/v1/session', headers: { cookie, authorization: `Bearer ${made.token}` } })
  await keep({ path: '/v1/people', headers: { authorization: `Bearer ${made.token}` } })
  await keep({ path: `/v1/records?token=${made.token}` })
  await keep({ path: '/v1/records', headers: { authorization: `Bearer ${made.token}x` } })
  const path = '/v1/log/entries?from=0'
  const { identity, signers } = outsider.node.deps
  const authorize = requestToken({
    iss: identity.iss,
    aud: origin.entityId,
    signer: signers.request,
    now: () => new Date(),
    random: randomBytes,
  })
  const headers = await authorize({ method: 'GET', target: path, body: Buffer.alloc(0) })
  token('the request of a peer', headers.authorization?.replace('Concordance ', '') ?? '')
  await keep({ path, headers })
  await keep({ path, headers })
  await keep({ path: `${path}0`, headers })
}

/** Questions with canaries in every part, most of them malformed. */
async function askOddly(institute: Institute, canaries: Canaries, refusals: Answer[]): Promise<void> {
  const authorization = `Bearer ${institute.token}`
  const word = (place: string, kind: Kind = 'query') => canaries.plant(kind, `${place} at ${institute.key}`)
  const keep = (outgoing: Outgoing) =>
    ask(urlOf(institute), { ...outgoing, headers: { authorization, ...outgoing.headers } }, refusals)
  const id = '01890a5d-ac96-774b-bcce-b302099a8057'
  for (const path of [
    `/v1/search?q=${word('a search')}`,
    `/v1/records?q=${word('a filter')}`,
    `/v1/records?cursor=${word('a cursor')}`,
    `/v1/records?tlp=${word('a label')}`,
    `/v1/records?${word('the name of a parameter', 'name')}=1`,
    `/v1/records/${word('an id')}`,
    `/v1/records/${word('a long id').padEnd(43, 'A')}`,
    `/v1/drafts/${word('the id of a draft')}`,
    `/v1/findings/${encodeURIComponent(`https://${word('an institute')}.example`)}/${id}`,
    `/v1/log/proof/inclusion?record=${word('a record to prove').padEnd(43, 'A')}`,
    `/v1/problems/${word('a code')}`,
    `/v1/audit?actor=${word('an actor')}`,
    `/v1/sign-in/return?code=${word('a made-up code')}&state=x`,
    `/${word('a path')}`,
    `/v1/records/%00${word('a path that is no text')}`,
    `/v1/${word('a long path').padEnd(20_000, 'x')}`,
  ]) {
    await keep({ path })
  }
  const posted = (body: unknown, headers: Record<string, string> = {}) =>
    keep({ method: 'POST', path: '/v1/drafts', headers: { ...key(), ...headers }, body })
  await posted(`{"type": "${word('malformed bytes')}`)
  await posted(Buffer.from(`{"lang": "${word('bytes that are no text')}\xff"}`, 'latin1'))
  await posted(`{"${word('a member twice')}": 1, "${canaries.get(`a member twice at ${institute.key}`)}": 2}`)
  await posted({ ...input({ tlp: 'GREEN', relay: 'none' }, 'x'), [word('an unknown member', 'name')]: 1 })
  await posted({ ...input({ tlp: 'GREEN', relay: 'none' }, 'x'), type: word('a type') })
  await posted({ ...input({ tlp: 'GREEN', relay: 'none' }, 'x'), lang: word('a language') })
  await posted(input({ tlp: word('a mark') as 'RED', relay: 'none' }, 'x'))
  await posted({
    ...input({ tlp: 'RED', relay: 'none' }, 'x'),
    content: { [word('a field')]: word('the text of a field') },
  })
  await posted('x', { 'content-type': `text/${word('a media type')}` })
  await posted({}, { 'idempotency-key': `${word('a key')} ` })
  await posted({}, { 'if-match': word('an etag') })
  await keep({ method: 'PUT', path: `/v1/drafts/${id}`, headers: { 'if-match': word('another etag') }, body: {} })
  await keep({ path: '/v1/records', headers: { authorization: `Bearer ${word('no token')}` } })
  await keep({ path: '/v1/records', headers: { authorization: `Concordance ${word('no request token')}` } })
  await keep({ path: '/v1/records', headers: { authorization: word('no credential') } })
  await keep({ path: '/v1/records', headers: { cookie: `concordance=${word('no cookie')}`, authorization: '' } })
  await keep({ path: '/v1/log/checkpoint', headers: { accept: word('a wish') } })
  await keep({ method: 'POST', path: '/v1/sync', body: { peer: `https://${word('a peer')}.example` } })
  await keep({ method: 'POST', path: '/v1/log/confirm', body: { size: 1, reason: word('a reason to confirm') } })
  await keep({ method: 'POST', path: '/v1/audience', body: { mark: { tlp: word('a label to preview') } } })
}

/** What the member and what others get of everything, by the API and by the command. */
async function exportAll(origin: Institute, member: Institute, outsider: Institute, { closed, amber }: Records) {
  const paths = [
    '/v1/records?limit=200',
    ...closed.flatMap((id) => [`/v1/records/${id}/proof`, `/v1/records/${id}/body`]),
  ]
  const read = async (institute: Institute, headers: Record<string, string>) => {
    const answers = await Promise.all(paths.map((path) => send(urlOf(institute), { path, headers })))
    return answers.map(({ text }) => text).join('\n')
  }
  const command = async ({ dataDir }: Institute) => {
    const { stdout, stderr } = await runCommand(['export', amber, '--data', dataDir], { cwd: dataDir })
    return stdout + stderr
  }
  const outsiders = [
    await read(origin, {}),
    await read(member, {}),
    await read(outsider, { authorization: `Bearer ${outsider.token}` }),
    await command(outsider),
  ]
  return { member: await command(member), outsiders: outsiders.join('\n') }
}

/** Takes a log of an evaluation for a draft, by the command. */
async function importLog({ temporary }: Running, { dataDir, token }: Institute, canaries: Canaries): Promise<Outcome> {
  const cwd = join(dataDir, 'keys') // which is not looked into
  await writeFile(
    join(cwd, 'log.json'),
    JSON.stringify(inspectLog({ task: canaries.plant('home', 'the task of a log') })),
  )
  await writeFile(join(cwd, 'answers.yaml'), answersYaml)
  const env = { TMPDIR: temporary, CONCORDANCE_TOKEN: token }
  return runCommand(['import', 'log.json', '--answers', 'answers.yaml', '--json', '--data', dataDir], { cwd, env })
}

/** Lets the database refuse rows, whose words are then in its error, and cut its connections. */
async function breakDatabase(origin: Institute, canaries: Canaries, refusals: Answer[]): Promise<void> {
  const { databaseUrl, token } = origin
  const authorization = `Bearer ${token}`
  const refused = async (table: string, path: string, place: string) => {
    await tamper(databaseUrl, [`alter table ${table} add constraint refuses check (false) not valid`])
    const body = input({ tlp: 'RED', relay: 'none' }, canaries.plant('home', place))
    await ask(urlOf(origin), { method: 'POST', path, headers: { authorization, ...key() }, body }, refusals)
    await tamper(databaseUrl, [`alter table ${table} drop constraint refuses`])
  }
  await refused('draft', '/v1/drafts', 'a draft that the database refuses')
  await refused('entry', '/v1/records', 'a record that the database refuses')
  await tamper(databaseUrl, [
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  ])
  const path = `/v1/search?q=${canaries.plant('query', 'a search while the database is away')}`
  await ask(urlOf(origin), { path, headers: { authorization } }, refusals)
}

async function ask(url: string, outgoing: Outgoing, refusals: Answer[]): Promise<Answer> {
  const answer = await send(url, outgoing)
  if (answer.status >= 400) refusals.push(answer)
  return answer
}

function heardOn({ network }: Running, [one, other]: readonly [string, string]): string {
  const heard = [...network.line(one, other).heard, ...network.line(other, one).heard]
  return heard.map(({ path, request, answer }) => `${path}\n${request}\n${answer}`).join('\n')
}

/** A search asks every peer, so its words are heard in the question, and there alone. */
function withoutQuestions({ network }: Running, [one, other]: readonly [string, string]): string {
  const heard = [...network.line(one, other).heard, ...network.line(other, one).heard]
  return heard
    .map(({ path, request, answer }) => `${path}\n${path === '/v1/search' ? '' : request}\n${answer}`)
    .join('\n')
}

function isThere({ client }: Institute, id: string): Promise<boolean> {
  return client.call(api.getRecord, { params: { id } }).then(
    () => true,
    () => false,
  )
}

async function stateOf({ client }: Institute, id: string): Promise<string> {
  return (await client.call(api.getRecord, { params: { id } })).status
}

function urlOf({ config }: Institute): string {
  return `http://127.0.0.1:${config.port}`
}

function key() {
  return { 'idempotency-key': randomUUID() }
}

function input(mark: Marking, seen: string): RecordInput {
  const content = {
    seen: { en: seen },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
  }
  return { type: 'observation', lang: 'en', mark, content: { ...content, synthetic: true } }
}
