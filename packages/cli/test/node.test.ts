import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { answersYaml, inspectLog } from './support/inspect-log.ts'
import { linesOfJson, type Outcome, runCommand, spawnCommand } from './support/run-command.ts'

const observation = `
type: observation
lang: en
mark: { tlp: GREEN, relay: none }
content:
  seen: { en: Callers report cloned voices. }
  country: KE
  sector: finance
  howOften: weekly
  wish: { en: A shared test. }
  synthetic: true
`

const cwd = t.testdir({
  'good.json': JSON.stringify(inspectLog()),
  'answers.yaml': answersYaml,
  'observation.yaml': observation,
})
const port = await freePort()
const base = `http://127.0.0.1:${port}`
const run = (...args: string[]): Promise<Outcome> => runCommand(args, { cwd })
const json = async (...args: string[]) => {
  const { exit, stdout, stderr } = await run(...args, '--json')
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stderr}`)
  return linesOfJson(stdout) as Record<string, unknown>[]
}
const only = async (...args: string[]) => (await json(...args))[0] ?? {}

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
  const node = await serve(t)
  t.equal(node.url, base)

  await t.test('asks for a token', async (t) => {
    t.equal((await run('draft', 'list')).exit, 4)
    await json('token', 'new', 'reader', '--scope', 'read', '--save')
    t.equal(statSync(join(cwd, '.data/node/token')).mode & 0o777, 0o600)
    t.equal((await run('draft', 'list')).exit, 7, 'of the right scope')
    await json('token', 'new', 'me', '--scope', 'read,draft,publish,operate', '--save')
    const { exit, stderr } = await run('draft', 'list')
    t.equal(exit, 0)
    t.match(stderr, 'concordance import', 'and an empty list says how to begin')
  })

  let record = ''
  let finding = ''
  await t.test('takes an observation from file to record', async (t) => {
    const { id } = await only('draft', 'new', 'observation.yaml')
    await json('draft', 'edit', String(id), '--set', '/content/howOften=daily')
    t.match(await only('draft', 'show', String(id)), { content: { howOften: 'daily' }, version: 1 })
    t.equal((await run('publish', String(id))).exit, 2, 'not without a word of confirmation')
    const receipt = await only('publish', String(id), '--yes')
    t.match(receipt, { iss: 'https://node.example', position: 1, version: 1 })
    t.same(
      (await only('publish', String(id), '--yes')).recordId,
      receipt.recordId,
      'and publishing again gives the same receipt',
    )
    record = String(receipt.recordId)
    finding = String(receipt.finding)
  })

  await t.test('shows, finds and exports it', async (t) => {
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

  await t.test('revises and withdraws', async (t) => {
    const { id } = await only('revise', finding)
    t.match(await only('publish', String(id), '--yes'), { finding, version: 2 })
    t.match(await only('withdraw', finding, '--reason', 'error', '--note', 'wrong', '--yes'), { position: Number })
    t.equal((await run('withdraw', finding, '--reason', 'error', '--yes')).exit, 6)
    t.match(await json('list', '--finding', finding), [
      { version: 2, status: 'withdrawn' },
      { version: 1, status: 'superseded' },
    ])
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
      findings.find(({ check }) => check === 'root key'),
      { state: 'warn', remedy: String },
    )
  })

  await t.test('forgets a revoked token', async (t) => {
    const [token] = (await json('token', 'list')).filter(({ name }) => name === 'reader')
    t.match(await only('token', 'revoke', String(token?.id)), { revoked: token?.id })
    t.match(await json('token', 'list'), [{ state: 'usable' }, { id: token?.id, state: 'revoked' }])
  })

  await t.test('stops in order when it is told to, with its database', async (t) => {
    node.child.kill('SIGTERM')
    const [exit] = await once(node.child, 'close')
    t.equal(exit, 0)
    t.notOk(existsSync(join(cwd, '.data/node/postgres/cluster/postmaster.pid')))
  })
})

t.test('a configuration that is wrong keeps the node from starting, and says why', async (t) => {
  writeFileSync(join(cwd, '.data/node/node.json'), JSON.stringify({ entityId: 'http://a', baseUrl: 'x', surprise: 1 }))
  const { exit, stderr } = await run('serve')
  t.equal(exit, 1)
  t.match(stderr, /why: .*surprise/)
})

async function serve(t: { teardown(end: () => unknown): void }): Promise<{ child: ChildProcess; url: string }> {
  const child = spawnCommand(['serve'], { cwd, env: { CONCORDANCE_LOG_LEVEL: 'warn' } })
  t.teardown(() => child.kill('SIGKILL'))
  if (!child.stdout) throw new Error('no pipe')
  child.stderr?.resume()
  for await (const line of createInterface({ input: child.stdout })) return { child, url: line }
  throw new Error('the node did not start')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
