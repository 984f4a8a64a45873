import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { observation } from './support/observation.ts'
import { openNode } from './support/open-node.ts'

t.test('what happens to a record', async (t) => {
  const { run, only, json, cwd, secondPerson, approve, publish } = await openNode(t)
  /** Publishes an observation that rests on a record. */
  const cite = async (record: string) => {
    const text = observation.replace('Callers report cloned voices.', 'Cloned voices again.')
    const target = `{ iss: 'https://node.example', record: ${record} }`
    writeFileSync(join(cwd, 'citing.yaml'), `${text}  cites: [{ title: Cloned voices, target: ${target} }]\n`)
    const { id } = await only('draft', 'new', 'citing.yaml')
    return (await publish(id)).recordId
  }
  const { id } = await only('draft', 'new', 'observation.yaml')
  const { recordId: record, finding } = await publish(id)

  await t.test('lets a draft be commented on, sent back and recalled', async (t) => {
    const { id } = await only('draft', 'new', 'observation.yaml')
    const draft = String(id)
    const comment = ['draft', 'comment', draft, 'which bank?', '--at', '/content/sector', '--token', secondPerson]
    const { id: number } = await only(...comment)
    t.match(await only('draft', 'comment', draft, '--resolve', String(number)), { resolved: { by: 'me' } })
    const early = ['draft', 'approve', draft, '--hazard', 'none', '--because', 'results only', '--token', secondPerson]
    t.match(await run(...early), { exit: 6, stderr: `concordance draft submit ${draft}` }, 'not before it is submitted')
    await run('draft', 'submit', draft, '--yes')
    const sent = await only('draft', 'send-back', draft, '--reason', 'say which bank', '--token', secondPerson)
    t.match(sent, { state: 'sent-back' })
    t.match((await run('publish', draft, '--yes')).stderr, `concordance draft reviews ${draft}`)
    t.match((await run('draft', 'reviews', draft)).stdout, /rosa: send-back \(say which bank\)/)
    t.match(await only('draft', 'recall', draft), { state: 'draft' })
    await run('draft', 'delete', draft, '--yes')
  })

  await t.test('marks a record narrower at once, and wider with a second person', async (t) => {
    t.match(await only('mark', record, '--tlp', 'RED', '--reason', 'not yet', '--yes'), { receipt: { version: 1 } })
    const { draft } = (await only('mark', record, '--tlp', 'GREEN', '--yes')) as { draft: { id: string } }
    t.match((await run('draft', 'list')).stdout, `TLP:GREEN for the record ${record}`, 'which is how it is called')
    await publish(draft.id)
    t.match(await only('show', record), { mark: { tlp: 'GREEN' } })
  })

  await t.test('keeps circles of institutes', async (t) => {
    const begun = await only('group', 'new', 'Cyber pilot', '--member', 'https://b.example')
    t.match((await run('draft', 'submit', String(begun.id))).stderr, 'group, version 1: Cyber pilot')
    await publish(begun.id)
    const group = String(begun.finding)
    t.match(await json('group', 'list'), [{ finding: group, name: { en: 'Cyber pilot' } }])
    const added = await run('group', 'add', group, 'https://c.example')
    t.match(added.stderr, '--history-from', 'says how far back a new member reads')
    t.match(await only('draft', 'show', added.stdout.trim()), { type: 'group', version: 2 })
    t.match(await only('group', 'remove', group, 'https://b.example'), { receipt: { version: 2 } })
    t.match((await run('group', 'show', group)).stdout, /owner {4}https:\/\/node\.example/)
    t.equal((await run('group', 'remove', group, 'https://b.example')).exit, 2)
  })

  await t.test('revises and withdraws', async (t) => {
    const { stdout, stderr } = await run('revise', finding)
    const id = stdout.trim()
    t.match(stderr, `concordance draft submit ${id}`)
    await approve(id)
    t.match(await only('publish', String(id), '--yes'), { finding, version: 2 })
    t.match((await run('withdraw', finding, '--reason', 'error')).stderr, 'no record that is open to you cites this')
    const citing = await cite(String((await only('list', '--finding', finding)).recordId))
    await only('show', citing) // which has it read at once: who cites what may be known a moment later
    const unsure = await run('withdraw', finding, '--reason', 'error')
    t.equal(unsure.exit, 2, 'not without a word of confirmation')
    t.match(unsure.stderr, `version 1: \`concordance mark ${record} --tlp RED\``, 'and what stays readable')
    t.match(unsure.stderr, `1 record cites this:\n  ${citing}  https://node.example: Cloned voices again.`)
    t.notMatch((await run('show', citing)).stdout, 'withdrawn')
    t.match(await only('withdraw', finding, '--reason', 'error', '--note', 'wrong', '--yes'), { position: Number })
    t.match((await run('show', citing)).stdout, 'it names a record that is withdrawn')
    t.match(await only('show', citing), { citesWithdrawn: true, citations: [] })
    t.equal((await run('withdraw', finding, '--reason', 'error', '--yes')).exit, 6)
    t.match(await json('list', '--finding', finding), [
      { version: 2, status: 'withdrawn' },
      { version: 1, status: 'superseded' },
    ])
  })
})
