import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../../test/network/until.ts'
import { freePort } from '../../../test/support/free-port.ts'
import { findOwnUrl } from '../src/own-node.ts'
import { answersYaml, inspectLog } from './support/inspect-log.ts'
import { observation } from './support/observation.ts'
import { linesOfJson, runCommand } from './support/run-command.ts'
import { commandsIn, serve } from './support/serve.ts'
import { shareProcess } from './support/share-process.ts'

const cwd = t.testdir({
  'good.json': JSON.stringify(inspectLog()),
  'answers.yaml': answersYaml,
  'observation.yaml': observation,
})
const port = await freePort()
const base = `http://127.0.0.1:${port}`
const { run } = commandsIn(cwd)

t.test('init makes a node and prints the pin; a second one touches nothing', async (t) => {
  const args = [
    'init',
    '--entity-id',
    'https://node.example',
    '--base-url',
    base,
    '--listen',
    `127.0.0.1:${port}`,
    '--database',
    'embedded',
    '--name',
    'fr:Un institut',
  ]
  const { exit, stdout } = await run(...args)
  t.equal(exit, 0)
  t.match(stdout, /^[A-Za-z0-9_-]{43}\n$/)
  const file = join(cwd, '.data/node/node.json')
  const before = readFileSync(file, 'utf8')
  t.match(JSON.parse(before), { entityId: 'https://node.example', port, name: { fr: 'Un institut' } })
  t.equal((await run(...args)).exit, 6)
  t.equal(readFileSync(file, 'utf8'), before)
})

t.test('a node that does not run', async (t) => {
  t.equal((await run('doctor')).exit, 1, 'fails the doctor')
  t.match((await run('token', 'list')).stderr, 'no token was issued yet', 'has its database started for the operator')
})

t.test('a running node', async (t) => {
  const { run, json, only } = commandsIn(cwd, shareProcess(t))
  const node = await serve(t, cwd)
  let secondPerson = ''
  t.equal(node.url, base)

  await t.test('asks for a token', async (t) => {
    const without = await run('draft', 'list')
    t.equal(without.exit, 4)
    t.match(without.stderr, 'concordance token new', 'and says where one comes from')
    await json('token', 'new', 'reader', '--scope', 'read', '--save')
    t.equal(statSync(join(cwd, '.data/node/token')).mode & 0o777, 0o600)
    t.equal((await run('draft', 'list')).exit, 7, 'of the right scope')
    await json('token', 'new', 'me', '--scope', 'read,draft,publish,operate', '--save')
    const { exit, stderr } = await run('draft', 'list')
    t.equal(exit, 0)
    t.match(stderr, 'concordance import', 'and an empty list says how to begin')
    secondPerson = String((await only('token', 'new', 'rosa', '--scope', 'read,review')).token)
    const [named, peers] = await Promise.all([run('draft', 'list', '--url', `${base}/`), run('peer', 'list')])
    t.same([named.exit, peers.exit], [0, 0], 'the saved one is used where --url names the same node')
  })

  let record = ''
  /** Submits a draft, and lets somebody else approve it. */
  const review = async (id: string) => {
    const submitted = await run('draft', 'submit', id, '--note', 'please', '--yes')
    t.match(submitted, { exit: 0, stderr: /concordance draft approve/ })
    const harmless = ['--hazard', 'none', '--because', 'results only']
    t.equal((await run('draft', 'approve', id, ...harmless)).exit, 7, 'not without the scope')
    const approved = await only('draft', 'approve', id, ...harmless, '--token', secondPerson)
    t.match(approved, { id, state: 'approved' })
  }
  await t.test('takes an observation from file to record', async (t) => {
    const { id } = await only('draft', 'new', 'observation.yaml')
    await json('draft', 'edit', String(id), '--set', '/content/howOften=daily')
    t.match(await only('draft', 'show', String(id)), { content: { howOften: 'daily' }, version: 1 })
    const unconfirmed = await run('publish', String(id))
    t.equal(unconfirmed.exit, 2, 'not without a word of confirmation')
    t.match(unconfirmed.stderr, 'observation, version 1: Callers report cloned voices.', 'which says what it is')
    const alone = await run('publish', String(id), '--yes')
    t.equal(alone.exit, 7, 'and not alone, where others may see it')
    t.match(alone.stderr, `concordance draft submit ${id}`)
    await review(String(id))
    t.match(await only('draft', 'reviews', String(id)), {
      isApproved: true,
      acts: [{ act: 'submit' }, { act: 'approve' }],
    })
    const receipt = await only('publish', String(id), '--yes')
    t.match(receipt, { iss: 'https://node.example', position: 1, version: 1 })
    t.same(
      (await only('publish', String(id), '--yes')).recordId,
      receipt.recordId,
      'and publishing again gives the same receipt',
    )
    record = String(receipt.recordId)
  })

  await t.test('shows, finds and exports it', async (t) => {
    await until('the record stands in the list', async () => (await json('list', '--type', 'observation')).length > 0)
    t.match(await json('list', '--type', 'observation'), [
      { recordId: record, title: { en: 'Callers report cloned voices.' } },
    ])
    t.match((await run('list')).stdout, new RegExp(`^${record}\t`), 'tab-separated for programs')
    t.match(await only('show', record), { recordId: record, status: 'current' })
    t.match((await run('show', record)).stdout, 'howOften: daily')
    t.match(await only('search', 'cloned'), { hits: [{ recordId: record }], complete: true })
    t.match(JSON.parse((await run('export', record)).stdout), { country: 'KE', iss: 'https://node.example' })
    t.equal((await run('show', 'A'.repeat(43))).exit, 5)
  })

  await t.test('proves it, online and from a file without the node', async (t) => {
    const proven = await only('verify', record)
    t.match(proven, { verified: true, recordId: record })
    await run('export', record, '--proof', '-o', 'proof.json')
    const offline = ['verify', 'proof.json', '--data', 'absent', '--pin', String(proven.pin)]
    t.match(await only(...offline), { verified: true, recordId: record })
    t.equal((await run('verify', record, '--pin', 'A'.repeat(43))).exit, 3, 'under no other pin')
  })

  await t.test('takes drafts of a log once its questions are answered', async (t) => {
    const incomplete = await run('import', 'good.json')
    t.equal(incomplete.exit, 1)
    t.match(incomplete.stderr, /why: the log does not say .*\/limitations/)
    const imported = await only('import', 'good.json', '--answers', 'answers.yaml')
    t.match(imported, { outcome: 'draft', created: [String] })
    const [id = ''] = imported.created as string[]
    t.match(
      await only('draft', 'show', id),
      { mark: { tlp: 'RED' }, content: { measures: [{ value: 0.75 }] } },
      'marked RED unless told otherwise',
    )
    t.equal((await run('publish', id, '01890a5d-ac96-774b-bcce-b302099a8057', '--yes')).exit, 8, 'partly done')
    const second = await only('import', 'good.json', '--answers', 'answers.yaml')
    t.match(await only('draft', 'delete', String((second.created as string[])[0]), '--yes'), { deleted: String })
  })

  await t.test('shows its log and what it knows of peers', async (t) => {
    const { size } = await only('log', 'checkpoint')
    t.match(await only('log', 'verify'), { ok: true, size })
    t.match((await run('log', 'checkpoint', '--note')).stdout, `node.example/log/1\n${size}\n`)
    for (const args of [
      ['peer', 'list'],
      ['sync', 'status'],
      ['sync', 'now'],
      ['sync', 'quarantine'],
      ['evidence', 'list'],
    ]) {
      const { exit, stdout, stderr } = await run(...args)
      t.match({ exit, stdout }, { exit: 0, stdout: '' }, args.join(' '))
      t.not(stderr, '')
    }
    t.equal((await run('log', 'confirm', '--size', String(size), '--reason', 'it needs none', '--yes')).exit, 6)
  })

  await t.test('passes the doctor', async (t) => {
    const findings = await json('doctor')
    t.same(
      findings.filter(({ state }) => state === 'fail'),
      [],
    )
    t.match(
      findings.find(({ check }) => check === 'identity'),
      { state: 'ok' },
    )
    t.match(
      findings.find(({ check }) => check === 'base url'),
      { state: 'ok' },
    )
    t.match(
      findings.find(({ check }) => check === 'root key'),
      { state: 'warn', remedy: String },
    )
  })

  await t.test('forgets a revoked token', async (t) => {
    const [token] = (await json('token', 'list')).filter(({ name }) => name === 'reader')
    t.match(await only('token', 'revoke', String(token?.id)), { revoked: token?.id })
    const tokens = await json('token', 'list')
    t.match(
      tokens.find(({ name }) => name === 'reader'),
      { id: token?.id, state: 'revoked' },
    )
    t.equal(tokens.filter(({ state }) => state === 'usable').length, 2)
  })

  await t.test('stops in order when it is told to, with its database', async (t) => {
    node.child.kill('SIGTERM')
    const [exit] = await once(node.child, 'close')
    t.equal(exit, 0)
    t.notOk(existsSync(join(cwd, '.data/node/postgres/cluster/postmaster.pid')))
  })
})

t.test('a first start', async (t) => {
  const cwd = t.testdir()
  const start = (...args: string[]) => runCommand(args, { cwd })
  const init = await start('init', '--entity-id', 'https://node.example', '--database', 'embedded')
  t.match(init.stderr, 'concordance serve')
  const listen = `127.0.0.1:${await freePort()}`
  const [node, token] = await Promise.all([
    serve(t, cwd, ['--listen', listen]),
    start('token', 'new', 'me', '--scope', 'read,draft', '--save'),
  ])

  await t.test('and a token that is asked for at the same moment come to one database', async (t) => {
    t.equal(token.exit, 0, token.stderr)
    t.equal((await start('draft', 'list')).exit, 0)
  })

  await t.test('is found where it listens, whatever its configuration says', async (t) => {
    t.equal(node.url, `http://${listen}`)
    const [alive] = linesOfJson((await start('doctor', '--json')).stdout.replace(/^(?!.*"node").*$/gm, ''))
    t.match(alive, { check: 'node', state: 'ok', detail: `answers at ${node.url}` })
  })

  await t.test('does not fail the doctor over a base URL that no peer needs yet', async (t) => {
    const { exit, stdout } = await start('doctor')
    t.equal(exit, 0)
    t.match(stdout, /^WARN {2}base url: /m)
  })

  await t.test('takes its address away when it stops, and warns of nothing', async (t) => {
    node.child.kill('SIGTERM')
    await once(node.child, 'close')
    t.notOk(existsSync(join(cwd, '.data/node/address.json')))
    t.notMatch(node.stderr(), 'Warning')
  })

  await t.test('that was killed leaves an address that is not believed', async (t) => {
    const note = { url: `http://${listen}`, pid: node.child.pid }
    writeFileSync(join(cwd, '.data/node/address.json'), JSON.stringify(note))
    t.equal(findOwnUrl(join(cwd, '.data/node')), 'http://127.0.0.1:8443')
    writeFileSync(join(cwd, '.data/node/address.json'), JSON.stringify({ ...note, pid: process.pid }))
    t.equal(findOwnUrl(join(cwd, '.data/node')), note.url)
  })
})

t.test('a configuration that is wrong keeps the node from starting, and says why', async (t) => {
  writeFileSync(join(cwd, '.data/node/node.json'), JSON.stringify({ entityId: 'http://a', baseUrl: 'x', surprise: 1 }))
  const { exit, stderr } = await run('serve')
  t.equal(exit, 1)
  t.match(stderr, /why: .*surprise/)
})
