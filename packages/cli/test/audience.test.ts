import t from 'tap'
import { openNode } from './support/open-node.ts'

const [b, c, k] = ['https://b.example', 'https://c.example', 'https://k.example']
/** On loopback, where nobody listens: who is a peer is a matter of configuration. */
const peerOf = (iss: string) => ({ iss, baseUrl: 'http://127.0.0.1:1', pin: 'A'.repeat(43), insecureLoopback: true })

t.test('who gets what, and why', async (t) => {
  const { run, only, json, secondPerson, publish } = await openNode(t, () => ({
    peers: [peerOf(b), peerOf(c), { ...peerOf(k), ceiling: 'GREEN' }],
  }))
  const { id: draft } = await only('draft', 'new', 'observation.yaml')
  const { id: circle, finding: group } = await only('group', 'new', 'Cyber pilot', '--member', b, '--member', k)

  await t.test('a marking that nothing has yet goes to these peers and not to those', async (t) => {
    const red = await only('audience', '--tlp', 'RED')
    t.match(red, { mark: { tlp: 'RED' }, peers: Array(3).fill({ opens: false, because: 'red' }) })
    const later = await run('audience', '--tlp', 'CLEAR', '--embargo-until', '2099-01-01')
    t.match(later.stdout, 'goes to 0 of 3 peers')
    t.match(later.stdout, `not to  ${b}, ${c}, ${k}: under embargo until 2099-01-01T00:00:00.000Z`)
  })

  await t.test('a draft says so before it is put before a second person, and before it is published', async (t) => {
    const goes = /goes to 3 of 3 peers; not to the public: GREEN is not for everybody/
    t.match((await run('audience', String(draft))).stdout, goes)
    const unsure = await run('draft', 'submit', String(draft))
    t.match(unsure, { exit: 2, stdout: '', stderr: goes }, 'and asks')
    t.match(await only('draft', 'show', String(draft)), { state: 'draft' })
    t.match((await run('publish', String(draft))).stderr, goes)
    t.match(
      (await run('draft', 'reviews', String(draft), '--token', secondPerson)).stdout,
      goes,
      'to reviewers as well',
    )
  })

  await t.test('a group is for those whom it will list', async (t) => {
    const { stdout } = await run('audience', String(circle))
    t.match(stdout, 'goes to 1 of 3 peers')
    t.match(stdout, `to      ${b}: in the group`)
    t.match(stdout, `not to  ${c}: not in the group`)
    t.match(stdout, `not to  ${k}: its ceiling is GREEN`)
    await publish(circle)
  })

  let record = ''
  await t.test('a record says why each can, or cannot, see it', async (t) => {
    const lacking = await run('draft', 'edit', String(draft), '--set', '/mark/tlp=AMBER')
    t.match(lacking, { exit: 7, stderr: /concordance group list/ }, 'which has a group that is known')
    const amber = ['--tlp', 'AMBER', '--group', `https://node.example ${group}`]
    t.match(await only('draft', 'edit', String(draft), ...amber), { mark: { tlp: 'AMBER', group: { finding: group } } })
    record = (await publish(draft)).recordId
    t.match(await only('why', record), {
      mark: { tlp: 'AMBER' },
      peers: [
        { iss: b, opens: true, because: 'member' },
        { iss: c, opens: false, because: 'not-a-member' },
        { iss: k, opens: false, because: 'ceiling', ceiling: 'GREEN' },
      ],
      public: { opens: false, because: 'label' },
    })
    const { stdout, stderr } = await run('why', record)
    t.match(stdout, 'is open to 1 of 3 peers')
    t.match(stderr, `concordance mark ${record}`)
    t.equal((await run('why', 'A'.repeat(43))).exit, 5)
  })

  await t.test('another marking says for whom it changes something, and asks', async (t) => {
    const wider = await run('mark', record, '--tlp', 'GREEN')
    t.match(wider, { exit: 2, stdout: '' })
    t.match(wider.stderr, `opens it to ${c}, ${k}\n`)
    const narrower = await run('mark', record, '--tlp', 'RED')
    t.match(narrower.stderr, `closes it to ${b}: whoever has it is asked to hide it, and still has it`)
    const { draft: marking } = (await only('mark', record, '--tlp', 'GREEN', '--yes')) as { draft: { id: string } }
    t.match((await run('audience', marking.id)).stdout, 'goes to 3 of 3 peers', 'what it will be, not what it is')
  })

  await t.test('a member that is no peer gets nothing, and is named', async (t) => {
    const { draft: next } = (await only('group', 'add', String(group), 'https://z.example')) as {
      draft: { id: string }
    }
    t.match((await run('audience', next.id)).stdout, 'not to  https://z.example: in the group, but no active peer')
  })

  await t.test('a suspended peer is none, until it is taken back', async (t) => {
    t.match(await only('peer', 'suspend', b), { suspended: b })
    t.match((await run('why', record)).stdout, 'is open to 0 of 2 peers')
    t.match(await json('peer', 'list'), [{ iss: b, state: 'suspended' }, {}, {}])
    t.match(await run('peer', 'resume', b), { exit: 2, stderr: /concordance|--yes/ }, 'which is asked')
    t.match(await only('peer', 'resume', b, '--yes'), { resumed: b })
    t.match((await run('why', record)).stdout, 'is open to 1 of 3 peers')
    t.match(await json('audit', '--act', 'peer.suspend'), [{ actor: 'me', target: b }])
    const unknown = await run('peer', 'suspend', 'https://nobody.example')
    t.match(unknown, { exit: 5, stderr: /concordance peer list/ })
  })

  await t.test('evidence that is not there is not found', async (t) => {
    t.equal((await run('evidence', 'show', '1')).exit, 5)
  })
})
