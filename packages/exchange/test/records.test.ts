import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Viewer } from '../src/access/may-open.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { appendRecord } from '../src/publish.ts'
import { getRecord, listRecords, listVersions } from '../src/records.ts'
import { withdrawFinding } from '../src/withdraw.ts'
import { input, marks, observation } from './support/content.ts'
import { call, openInstitute } from './support/institute.ts'
import { searchFor } from './support/search-for.ts'

const everybody: Viewer = { kind: 'public' }
const peer: Viewer = { kind: 'peer', iss: 'https://b.institute.example', ceiling: 'AMBER+STRICT' }
const person: Viewer = { kind: 'person', subject: 'ada', staff: true }

t.test('a list', async (t) => {
  const { deps, clock, iss } = await openInstitute(t)
  const published: string[] = []
  for (let i = 0; i < 25; i++) {
    if (i % 4 === 0) clock.seconds += 1
    const mark = i % 2 === 0 ? marks.clear : marks.green
    published.push((await appendRecord(deps, input({ mark }), call())).recordId)
  }
  await projectAll(deps)

  await t.test(
    'gives every record exactly once over its pages, newest first, while others are being published',
    async (t) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await listRecords(deps, person, {
          filters: { type: 'observation' },
          limit: 4,
          ...(cursor && { cursor }),
        })
        seen.push(...page.items.map(({ recordId }) => recordId))
        cursor = page.next
        await appendRecord(deps, input({ mark: marks.green }), call())
        await projectAll(deps)
      } while (cursor)
      t.same(seen, published.toReversed())
    },
  )

  await t.test('gives whole pages of what is open to the viewer', async (t) => {
    const page = await listRecords(deps, everybody, { filters: { type: 'observation' }, limit: 13 })
    t.equal(page.items.length, 13)
    t.equal(page.next, undefined)
    t.ok(page.items.every(({ mark }) => mark.tlp === 'CLEAR'))
  })

  await t.test('is narrowed by every filter that is given', async (t) => {
    const count = async (filters: Parameters<typeof listRecords>[2]['filters']) =>
      (await listRecords(deps, person, { filters, limit: 200 })).items.length
    t.equal(await count({ tlp: 'CLEAR', type: 'observation' }), 13)
    t.equal(await count({ tlp: 'RED' }), 0)
    t.equal(await count({ type: 'keyset' }), 1)
    t.equal(await count({ iss: 'https://nobody.example' }), 0)
    t.ok((await count({ iss, status: 'current' })) > 25)
  })

  await t.test('refuses a cursor that no page gave', async (t) => {
    for (const cursor of ['rubbish', '', Buffer.from('1.2').toString('base64url')]) {
      await t.rejects(listRecords(deps, person, { filters: {}, limit: 4, cursor }), { code: 'invalid' })
    }
  })
})

t.test('what is closed to a viewer leaves no trace', async (t) => {
  const { deps } = await openInstitute(t)
  const first = await appendRecord(deps, input({ mark: marks.clear, content: observation('alpha') }), call())
  const next = input({ mark: marks.red, content: observation('omega'), finding: first.finding, version: 2 })
  const second = await appendRecord(deps, next, call())
  await projectAll(deps)

  await t.test('in the standing of an earlier version', async (t) => {
    for (const viewer of [everybody, peer]) t.equal((await getRecord(deps, viewer, first.recordId)).status, 'current')
    t.equal((await getRecord(deps, person, first.recordId)).status, 'superseded')
  })

  await t.test('in the list of versions', async (t) => {
    t.equal((await listVersions(deps, peer, deps.identity.iss, first.finding)).length, 1)
    t.equal((await listVersions(deps, person, deps.identity.iss, first.finding)).length, 2)
    t.equal((await getRecord(deps, everybody, first.recordId)).versions.length, 1)
  })

  await t.test('by its id: it answers as an id that was never given', async (t) => {
    const answers = [second.recordId, 'A'.repeat(43)].map((id) =>
      getRecord(deps, everybody, id).catch((error) => error),
    )
    const [closed, absent] = await Promise.all(answers)
    t.same({ code: closed.code, message: closed.message }, { code: absent.code, message: absent.message })
    t.equal(closed.code, 'not-found')
  })

  await t.test('in search', async (t) => {
    t.same(await searchFor(deps, peer, 'omega'), [])
    t.equal((await searchFor(deps, person, 'omega')).length, 1)
    t.equal((await searchFor(deps, everybody, 'alpha')).length, 1)
  })
})

t.test('an own record is read at once, while the projection stands back', async (t) => {
  const { deps } = await openInstitute(t)
  const first = await appendRecord(deps, input({ mark: marks.clear }), call())

  await t.test('by its id, with its body', async (t) => {
    t.match(await getRecord(deps, everybody, first.recordId), {
      recordId: first.recordId,
      body: /Swahili/,
      status: 'current',
      state: 'open',
    })
  })

  await t.test('in its standing: the version before is superseded', async (t) => {
    const { finding } = first
    await appendRecord(deps, input({ mark: marks.clear, finding, version: 2 }), call())
    t.equal((await getRecord(deps, everybody, first.recordId)).status, 'superseded')
    await appendRecord(deps, input({ mark: marks.clear, finding, version: 3 }), call())
    t.equal((await listVersions(deps, everybody, deps.identity.iss, finding)).length, 3)
  })

  await t.test('behind more entries than one batch of the projection holds', async (t) => {
    const others = Array.from({ length: 450 }, () => appendRecord(deps, input(), call()))
    const { recordId } = (await Promise.all(others)).reduce((a, b) => (a.position > b.position ? a : b))
    t.match(await getRecord(deps, person, recordId), { recordId })
  })

  await t.test('but nothing is done for whoever may not read it: its time would tell that it exists', async (t) => {
    await projectAll(deps)
    const readUpTo = async () =>
      (await deps.db.selectFrom('projection').select('position').executeTakeFirst())?.position
    const before = await readUpTo()
    const { recordId, finding } = await appendRecord(deps, input({ mark: marks.red }), call())
    for (const viewer of [everybody, peer]) {
      await t.rejects(getRecord(deps, viewer, recordId), { code: 'not-found' })
      t.same(await listVersions(deps, viewer, deps.identity.iss, finding), [])
    }
    t.equal(await readUpTo(), before)
    t.match(await getRecord(deps, person, recordId), { recordId })
    t.not(await readUpTo(), before, 'but for whoever may')
  })

  await t.test('also where another process is at it: it is waited for', async (t) => {
    const { recordId } = await appendRecord(deps, input(), call())
    const other = await deps.pool.connect()
    await other.query('begin; select 1 from projection for update')
    const reading = getRecord(deps, person, recordId)
    await other.query('select pg_sleep(0.2); commit')
    other.release()
    t.match(await reading, { recordId })
  })
})

t.test('the projection follows a log that is never quiet', async (t) => {
  const { deps } = await openInstitute(t, { worker: true })
  const { recordId } = await appendRecord(deps, input({ mark: marks.clear }), call())
  const busy = setInterval(() => deps.wake.announce(`log:${deps.identity.iss}`, 1), 50)
  t.teardown(() => clearInterval(busy))
  for (;;) {
    const { items } = await listRecords(deps, everybody, { filters: { type: 'observation' }, limit: 1 })
    if (items[0]?.recordId === recordId) break
    await sleep(50)
  }
})

t.test('a withdrawn record', async (t) => {
  const { deps } = await openInstitute(t)
  const { finding, recordId } = await appendRecord(
    deps,
    input({ mark: marks.clear, content: observation('secretword') }),
    call(),
  )
  await projectAll(deps)
  t.equal((await searchFor(deps, everybody, 'secretword')).length, 1)
  await withdrawFinding(deps, finding, { reason: 'information-hazard' }, call())

  await t.test('is closed at once, before the projection has seen the withdrawal', async (t) => {
    t.match(await getRecord(deps, everybody, recordId), {
      status: 'withdrawn',
      state: 'statement',
      body: null,
      title: {},
      facets: {},
    })
  })

  await t.test('is no longer found by its words', async (t) => {
    for (const viewer of [everybody, person]) t.same(await searchFor(deps, viewer, 'secretword'), [])
  })
})

t.test('search', async (t) => {
  const { deps } = await openInstitute(t)
  const texts = {
    arabic: 'نموذج يرفض طلبات خطيرة بالعربية',
    chinese: '模型在中文环境下的安全评估结果',
    japanese: '日本語での安全評価を実施した',
    thai: 'โมเดลปฏิเสธคำขอที่เป็นอันตราย',
    french: 'L’évaluation révèle des écarts de sûreté',
    persian: 'مدل درخواست‌های خطرناک را رد می‌کند',
  }
  const ids = new Map<string, string>()
  for (const [name, text] of Object.entries(texts)) {
    const { recordId } = await appendRecord(deps, input({ mark: marks.clear, content: observation(text) }), call())
    ids.set(recordId, name)
  }
  await projectAll(deps)
  const found = async (q: string) => (await searchFor(deps, everybody, q)).map(({ recordId }) => ids.get(recordId))

  const questions: [q: string, expected: string[]][] = [
    ['evaluation', ['french']],
    ['ÉVALUATION surete', ['french']],
    ['安全评估', ['chinese']],
    ['安全評価', ['japanese']],
    ['ปฏิเสธ', ['thai']],
    ['خطیره', ['arabic']],
    ['میکند', ['persian']],
    ['"ecarts de surete"', ['french']],
    ['"surete ecarts"', []],
    ['evaluation -ecarts', []],
    ["'; drop table record; --", []],
    ['& | ! ( ) <-> :*', []],
    ['', []],
  ]
  for (const [q, expected] of questions) {
    await t.test(`finds ${expected.join(', ') || 'nothing'} for ${JSON.stringify(q)}`, async (t) => {
      t.same(await found(q), expected)
    })
  }
})
