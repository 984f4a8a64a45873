import {
  hitsDigest,
  parseStatementUnsafe,
  questionDigest,
  type SearchAnswer,
  type SearchQuestion,
  verifyAnswer,
} from '@concordance/protocol'
import pg from 'pg'
import t from 'tap'
import { projectAll } from '../../src/projection/start-projection.ts'
import { answerSearch } from '../../src/search/answer.ts'
import { append, appendGroup } from '../support/append.ts'
import { marks, observation } from '../support/content.ts'
import { start } from '../support/institute.ts'
import { b, c, type Origin, openOrigin } from '../support/peering.ts'

const content = observation('Sycophancy in Kiswahili.')

function questionOf(changes: Partial<SearchQuestion> = {}): SearchQuestion {
  const asked = { granularity: 'full', for: 'staff', label: 'AMBER', filters: { q: 'sycophancy' } } as const
  return { queryId: 'query-of-a-test', budgetMs: 10_000, ...asked, ...changes }
}

/** The answer, verified as the asker verifies it. */
async function ask({ deps }: Pick<Origin, 'deps'>, changes: Partial<SearchQuestion> = {}, asker = b) {
  const question = questionOf(changes)
  const { answer, hits } = await answerSearch(deps, asker, question)
  const { queryId } = question
  const about = { audience: asker.iss, queryId, question: questionDigest(question), hits }
  return { compact: answer, said: verifyAnswer(answer, deps.identity.keyset(), about), hits }
}

/** Makes the settings of a running node others. */
function offering({ deps }: Origin, search: Partial<Origin['deps']['search']>): Pick<Origin, 'deps'> {
  return { deps: { ...deps, search: { ...deps.search, ...search } } }
}

t.test('an answer to a peer’s search', async (t) => {
  const origin = await openOrigin(t)
  const { deps, clock } = origin
  const { circle } = await appendGroup(deps, [{ iss: b.iss }])
  const plant = (mark: Parameters<typeof append>[1] & object) => append(deps, { content, ...mark })
  const green = await plant({ mark: marks.green })
  const early = await plant({ mark: { ...marks.green, group: circle, embargoUntil: start + 600 } })
  const amber = await plant({ mark: { ...marks.amber, group: circle } })
  await plant({ mark: { ...marks.amberStrict, group: circle } })
  await plant({ mark: marks.red })
  await projectAll(deps)
  const positionsOf = (hits: readonly string[]) => hits.map((hit) => JSON.parse(hit).position).sort((x, y) => x - y)

  await t.test('gives the asking institute what is open to it, and never AMBER+STRICT or RED', async (t) => {
    const toMember = await ask(origin)
    t.strictSame(positionsOf(toMember.hits), [green.position, early.position, amber.position])
    t.match(toMember.said, { status: 'ok', matched: 3, granularity: 'full', hits: hitsDigest(toMember.hits) })
    const toStranger = await ask(origin, {}, c)
    t.strictSame(positionsOf(toStranger.hits), [green.position])
  })

  await t.test('gives for researchers what they may read there, numbers included', async (t) => {
    const { hits, said } = await ask(origin, { for: 'researcher' })
    t.strictSame(positionsOf(hits), [green.position, amber.position], 'what is under embargo is for staff')
    t.equal(said.matched, 2)
    const groups = (people: SearchQuestion['for']) => ask(origin, { for: people, filters: { type: 'group' } })
    t.equal((await groups('staff')).said.matched, 1)
    t.equal((await groups('researcher')).said.matched, 0)
  })

  await t.test('gives nothing above the label that the asker takes in', async (t) => {
    const { hits, said } = await ask(origin, { accepts: 'GREEN' })
    t.strictSame(positionsOf(hits), [green.position, early.position])
    t.equal(said.matched, 2)
  })

  await t.test('gives as much as is asked for: whether, how many, which, or all', async (t) => {
    t.match((await ask(origin, { granularity: 'boolean' })).said, { matched: 1, granularity: 'boolean' })
    const { said } = await ask(origin, { granularity: 'count' })
    t.match(said, { matched: 1, below: 5, granularity: 'count' }, 'a small number is said as a bucket')
    const summary = await ask(origin, { granularity: 'summary', limit: 1 })
    t.match(summary.said, { matched: 3, granularity: 'summary' })
    t.notOk('below' in summary.said)
    const [hit = ''] = summary.hits
    t.match(JSON.parse(hit), { body: null, title: { en: 'Sycophancy in Kiswahili.' }, status: 'current' })
    t.equal(parseStatementUnsafe(JSON.parse(hit).statement).statement.iss, deps.identity.iss)
    for (let more = 0; more < 2; more++) await plant({ mark: marks.green })
    await projectAll(deps)
    t.strictSame((await ask(origin, { granularity: 'count' })).said.matched, 5, 'from five on it is the number')
  })

  await t.test('gives no more than this institute offers, and says what it gave', async (t) => {
    for (const granularity of ['boolean', 'count', 'summary', 'full'] as const) {
      const { said, hits } = await ask(offering(origin, { granularity }))
      t.equal(said.granularity, granularity)
      t.equal(said.status, 'ok')
      t.equal(hits.length > 0, granularity === 'summary' || granularity === 'full')
      const asked = await ask(offering(origin, { granularity }), { granularity: 'boolean' })
      t.equal(asked.said.granularity, 'boolean', 'less than is offered is given where less is asked for')
    }
    const { said, hits } = await ask(offering(origin, { granularity: 'none' }))
    t.match(said, { status: 'unsupported', reason: 'not-offered', matched: 0 })
    t.strictSame(hits, [])
  })

  await t.test('is a signed refusal where the question is marked above what this institute takes', async (t) => {
    const careful = { deps: { ...deps, accepts: 'GREEN' as const } }
    t.match((await ask(careful, { label: 'AMBER' })).said, { status: 'refused', reason: 'query-label', matched: 0 })
    t.match((await ask(careful, { label: 'GREEN' })).said, { status: 'ok' })
    t.match((await ask(origin, { label: 'RED' })).said, { status: 'refused', reason: 'query-label' })
  })

  await t.test('is a signed refusal once an institute has used up its questions of the hour', async (t) => {
    const stingy = offering(origin, { questionsAnHour: { peer: 2, person: 2 } })
    clock.seconds += 3_600
    const statuses: SearchAnswer['status'][] = []
    for (let asked = 0; asked < 4; asked++) statuses.push((await ask(stingy)).said.status)
    t.strictSame(statuses, ['ok', 'ok', 'refused', 'refused'])
    t.equal((await ask(stingy)).said.reason, 'requester-budget')
    t.equal((await ask(stingy, {}, c)).said.status, 'ok', 'each institute has its own')
    clock.seconds += 3_600
    t.equal((await ask(stingy)).said.status, 'ok', 'and the next hour begins anew')
    clock.seconds -= 7_200
  })

  await t.test('says nothing of other institutes, whatever the question names', async (t) => {
    const { said } = await ask(origin, { filters: { q: 'sycophancy', iss: c.iss } })
    t.match(said, { status: 'ok', matched: 0 })
    t.ok((await ask(origin, { filters: { q: 'sycophancy', iss: deps.identity.iss } })).said.matched > 0)
  })

  await t.test('says partial where its own search does not end in time', async (t) => {
    const blocker = new pg.Client({ connectionString: origin.url })
    await blocker.connect()
    await blocker.query('begin; lock table record, search_entry in access exclusive mode')
    const started = performance.now()
    const { said, hits } = await ask(origin, { budgetMs: 400 })
    t.ok(performance.now() - started <= 400, 'the asker still hears it')
    await blocker.query('rollback')
    await blocker.end()
    t.match(said, { status: 'partial', reason: 'out-of-time', matched: 0 })
    t.strictSame(hits, [])
    t.equal((await ask(origin)).said.status, 'ok')
  })

  await t.test('says partial where the index has not read all that the checkpoint covers', async (t) => {
    const filters = { q: 'quetzal' }
    await plant({ mark: marks.green, content: observation('A quetzal was seen.') })
    t.match((await ask(origin, { filters, budgetMs: 2_000 })).said, { status: 'partial', reason: 'index-behind' })
    const waiting = ask(origin, { filters })
    await projectAll(deps)
    t.match((await waiting).said, { status: 'ok', matched: 1 }, 'it waits for the index as long as it can')
  })
})

t.test('a negative answer', async (t) => {
  const origin = await openOrigin(t)
  const { deps } = origin
  await append(deps, { mark: marks.green, content: observation('Something else.') })
  await append(deps, { mark: marks.red, content })
  await append(deps, { mark: marks.amber, content })
  await projectAll(deps)

  await t.test('is the same, byte for byte, whether closed records match or none does', async (t) => {
    for (const granularity of ['boolean', 'count', 'summary', 'full'] as const) {
      const closed = await ask(origin, { granularity, filters: { q: 'sycophancy' } })
      const never = await ask(origin, { granularity, filters: { q: 'nothingofthekind' } })
      t.strictSame(closed.said, { ...never.said, question: closed.said.question }, granularity)
      t.match(closed.said, { status: 'ok', matched: 0, checkpoint: { size: 4 } })
      t.notOk('below' in closed.said)
      const again = await ask(origin, { granularity, filters: { q: 'sycophancy' } })
      t.equal(again.compact, closed.compact, 'and so is its signature')
    }
  })

  await t.test('is another one once something is open', async (t) => {
    await append(deps, { mark: marks.green, content })
    await projectAll(deps)
    t.match((await ask(origin)).said, { status: 'ok', matched: 1 })
  })
})
