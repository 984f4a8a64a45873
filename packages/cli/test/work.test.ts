import t from 'tap'
import { openNode } from './support/open-node.ts'

t.test('clearances and the audit trail', async (t) => {
  const { run, only, json, secondPerson, approve } = await openNode(t)
  const { id } = await only('draft', 'new', 'observation.yaml')
  const draft = String(id)
  const due = ['--developer', 'Acme AI', '--agreement', 'MOU-7', '--due', '2099-03-01']

  await t.test('a draft without a clearance says how to note one', async (t) => {
    const { exit, stdout, stderr } = await run('clearance', 'list', draft)
    t.match({ exit, stdout }, { exit: 0, stdout: '' })
    t.match(stderr, `concordance clearance add ${draft} --developer`)
  })

  await t.test('publishing waits for a clearance, and says for which and what ends it', async (t) => {
    const added = await run('clearance', 'add', draft, ...due)
    t.match(added, { exit: 0, stdout: /^\d+\n$/, stderr: /concordance clearance decide/ })
    t.match(await json('clearance', 'list', draft), [{ developer: 'Acme AI', outcome: 'open', dueOn: '2099-03-01' }])
    await approve(draft)
    const waiting = await run('publish', draft, '--yes')
    t.equal(waiting.exit, 7)
    t.match(waiting.stderr, `concordance clearance list ${draft}`)
  })

  await t.test('silence is no answer before its time, and an override is', async (t) => {
    const [{ id: number } = {}] = await json('clearance', 'list', draft)
    const early = await run('clearance', 'decide', draft, String(number), '--outcome', 'no-answer')
    t.equal(early.exit, 6)
    t.match(early.stderr, `concordance clearance override ${draft} ${number}`)
    t.equal((await run('clearance', 'decide', draft, '999', '--outcome', 'cleared')).exit, 5)
    const second = await only('clearance', 'add', draft, ...due)
    const decided = await run('clearance', 'decide', draft, String(second.id), '--outcome', 'cleared', '--note', 'fine')
    t.match(decided, { exit: 0, stderr: `publishing still waits for ${number} (Acme AI)` })
    const gone = await run('clearance', 'override', draft, String(number), '--reason', 'the flaw is used already')
    t.match(gone, { exit: 0, stdout: `${number} open (overridden)`, stderr: `concordance publish ${draft}` })
    t.match(await only('publish', draft, '--yes'), { recordId: String })
  })

  await t.test('the audit trail tells who did it, by actor, act and time', async (t) => {
    t.match(await json('audit', '--act', 'clearance.override'), [
      { actor: 'me', target: draft, detail: { reason: 'the flaw is used already' } },
    ])
    t.match(await json('audit', '--actor', 'rosa'), [{ act: 'draft.approve', target: draft }])
    t.match((await run('audit', '--act', 'publish')).stdout, /\tme\tpublish\t\d+\t.*type=observation/)
    t.match(await run('audit', '--from', '2099-01-01'), { exit: 0, stdout: '', stderr: /concordance audit/ })
  })

  await t.test('and goes on from page to page as far as is asked', async (t) => {
    const all = await json('audit', '--limit', '1000')
    t.ok(all.length > 5)
    const few = await run('audit', '--limit', '2')
    t.equal(few.stdout.trim().split('\n').length, 2)
    t.match(few.stderr, '--limit 8')
    t.notMatch((await run('audit', '--limit', String(all.length))).stderr, 'there is more')
  })

  await t.test('is for operators and reviewers', async (t) => {
    const { token } = await only('token', 'new', 'nora', '--scope', 'read,draft')
    const { exit, stderr } = await run('audit', '--token', String(token), '--json')
    t.equal(exit, 7)
    t.match(JSON.parse(stderr), { code: 'forbidden', remedy: String })
    t.ok((await json('audit', '--token', secondPerson)).length > 0)
  })
})

t.test('who somebody is here', async (t) => {
  const { run, only, json, secondPerson, url } = await openNode(t)

  await t.test('a token says whose it is and what it may do', async (t) => {
    t.match(await only('whoami', '--token', secondPerson), {
      subject: 'rosa',
      staff: true,
      scopes: ['read', 'review'],
      credential: 'api-token',
    })
    t.match((await run('whoami')).stdout, 'read, draft, publish, operate')
    t.equal((await run('whoami', '--token', 'made-up')).exit, 4)
  })

  await t.test('elsewhere it lists and revokes what it may, and issues nothing', async (t) => {
    const there = ['--url', url, '--data', 'absent', '--token', secondPerson]
    t.match(await json('token', 'list', ...there), [{ name: 'rosa', state: 'usable' }], 'its own')
    const [mine] = (await json('token', 'list')).filter(({ name }) => name === 'me')
    t.equal((await run('token', 'revoke', String(mine?.id), ...there)).exit, 5, 'and nobody else’s')
    t.equal((await run('token', 'new', 'more', ...there)).exit, 7)
    const [own] = await json('token', 'list', ...there)
    t.match(await only('token', 'revoke', String(own?.id), ...there), { revoked: own?.id })
    t.match(
      (await json('token', 'list')).find(({ name }) => name === 'rosa'),
      { state: 'revoked' },
    )
  })
})
