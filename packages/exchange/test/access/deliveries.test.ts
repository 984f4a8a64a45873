import t from 'tap'
import { listBehind } from '../../src/access/deliveries.ts'
import { exportRecord } from '../../src/export-record.ts'
import { readPage } from '../../src/log/entries.ts'
import { projectAll } from '../../src/projection/start-projection.ts'
import { getRecord } from '../../src/records.ts'
import { answerSearch } from '../../src/search/answer.ts'
import { withdrawFinding } from '../../src/withdraw.ts'
import { append, remark } from '../support/append.ts'
import { marks, observation } from '../support/content.ts'
import { call, type Institute, openInstitute } from '../support/institute.ts'

const peers = ['b', 'c'].map((name) => {
  const iss = `https://${name}.institute.example`
  return { iss, baseUrl: iss, pin: 'A'.repeat(43) }
})
const [b, c] = peers.map(({ iss }) => ({ kind: 'peer', iss, ceiling: 'AMBER+STRICT' }) as const) as [Peer, Peer]
type Peer = { readonly kind: 'peer'; readonly iss: string; readonly ceiling: 'AMBER+STRICT' }
type Deps = Institute['deps']

function ask(deps: Deps, peer: Peer, granularity: 'count' | 'summary' | 'full', q = 'quetzal') {
  const question = { queryId: 'q', budgetMs: 5_000, granularity, for: 'staff', label: 'AMBER', filters: { q } } as const
  return answerSearch(deps, peer, question)
}

async function delivered({ db }: Deps, { iss }: Peer) {
  const rows = await db.selectFrom('delivery').selectAll().where('peer', '=', iss).orderBy('id').execute()
  return rows.map(({ kind, from_position, opened }) => ({ kind, positions: opened.map((at) => from_position + at) }))
}

/** Ways by which a peer comes to hold an opening without copying the log. */
const ways: Readonly<Record<string, (deps: Deps, peer: Peer, recordId: string) => Promise<unknown>>> = {
  'by its id': getRecord,
  'in a proof': exportRecord,
  'in a full answer to a search': (deps, peer) => ask(deps, peer, 'full'),
  'by statement and title in a summary': (deps, peer) => ask(deps, peer, 'summary'),
}

for (const [way, open] of Object.entries(ways)) {
  t.test(`a peer that was given a record ${way}`, async (t) => {
    const { deps } = await openInstitute(t, { peers })
    const target = await append(deps, { mark: marks.green, content: observation('A quetzal was seen.') })
    await projectAll(deps)
    await open(deps, b, target.recordId)

    await t.test('stands in the delivery log', async (t) => {
      t.match(await delivered(deps, b), [{ positions: [target.position] }])
    })

    await t.test('reaches the withdrawal after the record was closed to it; who never had it does not', async (t) => {
      await remark(deps, target.recordId, marks.amber, marks.amber)
      const withdrawal = await withdrawFinding(deps, target.finding, { reason: 'error' }, call())
      await deps.writer.seal()
      const stateFor = async ({ iss }: Peer) =>
        (await readPage(deps, { iss }, { from: withdrawal.position, limit: 1 })).entries[0]?.state
      t.equal(await stateFor(b), 'open')
      t.equal(await stateFor(c), 'hash')
    })
  })
}

t.test('nothing stands in the delivery log', async (t) => {
  const { deps } = await openInstitute(t, { peers })
  const open = await append(deps, { mark: marks.green, content: observation('A quetzal was seen.') })
  const closed = await append(deps, { mark: marks.amber, content: observation('A hoopoe was seen.') })
  await projectAll(deps)

  await t.test('of what is closed to the peer', async (t) => {
    await t.rejects(getRecord(deps, b, closed.recordId), { code: 'not-found' })
    t.same((await ask(deps, b, 'full', 'hoopoe')).hits, [])
    t.same(await delivered(deps, b), [])
  })

  await t.test('of an answer that only counts', async (t) => {
    await ask(deps, b, 'count')
    t.same(await delivered(deps, b), [])
  })

  await t.test('of what people read', async (t) => {
    await getRecord(deps, { kind: 'person', subject: 'ada', staff: true }, open.recordId)
    const rows = await deps.db.selectFrom('delivery').selectAll().execute()
    t.same(rows, [])
  })
})

t.test('a peer has read as far as its last page, whatever single records it was given', async (t) => {
  const { deps } = await openInstitute(t, { peers })
  const { recordId, position } = await append(deps, { mark: marks.green })
  await getRecord(deps, b, recordId)
  t.same(await listBehind(deps, position + 1), [b.iss, c.iss])
  await readPage(deps, b, { from: 0, limit: 10 })
  t.same(await listBehind(deps, position + 1), [c.iss])
})
