import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectAll } from '@concordance/exchange'
import t from 'tap'
import { startTestNode } from '../../../services/node/test/support/node.ts'
import { append } from '../../exchange/test/support/append.ts'
import { marks, observation } from '../../exchange/test/support/content.ts'
import { evaluation } from '../../exchange/test/support/evaluation.ts'
import { linesOfJson } from './support/run-command.ts'
import { shareProcess } from './support/share-process.ts'

t.test('the command search', async (t) => {
  const node = await startTestNode(t)
  const clear = await append(node.deps, { mark: marks.clear, type: 'evaluation', content: evaluation() })
  const hostile = '=cmd()\u202e walrus\u001b[31m\n<b>'
  const green = await append(node.deps, { mark: marks.green, content: observation(hostile) })
  const red = await append(node.deps, { mark: marks.red, content: observation('closed walrus'), readers: ['eve'] })
  await projectAll(node.deps)
  const cwd = t.testdir()
  const env = { CONCORDANCE_URL: node.url, CONCORDANCE_TOKEN: await node.token('read') }
  const command = shareProcess(t)
  const run = (...args: string[]) => command(args, { cwd, env })
  const anonymous = (...args: string[]) => command(args, { cwd, env: { CONCORDANCE_URL: node.url } })

  await t.test('shows the marking of every hit, and nothing that acts on a terminal', async (t) => {
    const { exit, stdout, stderr } = await run('search', 'walrus')
    t.equal(exit, 0)
    const [line, ...others] = stdout.trimEnd().split('\n')
    t.same(others, [])
    t.match(line, new RegExp(`^${green.recordId}\t[0-9-]{10}\tGREEN\tcurrent\tone.example\tobservation\t`))
    t.match(line, '<U+202E>')
    t.notMatch(stdout.replaceAll(/[\n\t]/g, ''), /[\p{Cc}\u202a-\u202e]/u)
    t.match(stderr, 'concordance cite RECORD', 'and says what can be done next')
  })

  await t.test('says alike that nothing open matches, whether there is something closed or not', async (t) => {
    const [closed, nowhere] = [await run('search', 'closed'), await run('search', 'nowhere')]
    t.same(closed, nowhere)
    t.match(closed, { exit: 0, stdout: '', stderr: /^nothing open to you matches/ })
    t.notMatch(closed.stderr, /exist|no record/)
    t.notMatch((await run('search')).stdout, red.recordId)
    t.match((await anonymous('search', 'walrus')).stdout, '', 'nor what is for others')
  })

  await t.test('takes every filter, and refuses a value that is none', async (t) => {
    const found = async (...args: string[]) => (await run('search', ...args)).stdout.includes(clear.recordId)
    const year = String(new Date().getUTCFullYear())
    const filters = ['--type evaluation', '--iss https://one.example', '--tlp clear', '--status CURRENT']
    const facets = ['--developer Lab', '--language sw', '--phase post-market', '--objective safeguard']
    for (const filter of [...filters, ...facets, `--year ${year}`, `--since ${year}-01-01`, '--until 2100-01-01']) {
      t.ok(await found(...filter.split(' ')), filter)
    }
    t.notOk(await found('--developer', 'Nobody'))
    t.notOk(await found('--tlp', 'GREEN'))
    for (const args of [
      ['--tlp', 'PINK'],
      ['--status', 'x'],
      ['--sort', 'x'],
      ['--since', 'soon'],
      ['--cite', 'word'],
    ])
      t.equal((await run('search', ...args)).exit, 2, args.join(' '))
    t.equal((await run('search', '--csv', '--jsonl')).exit, 2)
    t.equal((await run('search', '--federated', '--csv')).exit, 2)
  })

  await t.test('counts by facet', async (t) => {
    const { stdout } = await run('search', '--facets')
    t.match(stdout, /^tlp\t2\tCLEAR$/m)
    t.match(stdout, /^tlp\t\d+\tGREEN$/m)
    t.notMatch(stdout, 'RED')
  })

  await t.test('takes all along as a file that says how it is marked', async (t) => {
    const lines = linesOfJson((await run('search', 'walrus', '--jsonl')).stdout)
    t.match(lines, [
      { recordId: green.recordId, title: { en: '=cmd()\u202e walrus\u001b[31m' } },
      { end: { records: 1, marking: 'TLP:GREEN' } },
    ])
    const csv = await run('search', '--type', 'observation', '--csv', '-o', 'search.csv')
    t.match(csv, { exit: 0, stdout: '' })
    const file = readFileSync(join(cwd, 'search.csv'), 'utf8')
    t.match(file, `"'=cmd()<U+202E> walrus`)
    t.match(file, /\r\n"end","TLP:GREEN".*"all 1 records/)
    t.equal((await run('search', '--csv', '-o', 'search.csv')).exit, 1, 'and writes over nothing')
  })

  await t.test('cites what it finds, and cite what is named', async (t) => {
    const bibtex = await run('search', 'walrus', '--cite', 'bibtex')
    t.match(bibtex, { exit: 0, stdout: new RegExp(`^@misc\\{concordance-${green.recordId}`) })
    const plain = await run('cite', clear.recordId)
    t.match(plain, { exit: 0, stdout: /^one\.example \(.*TLP:CLEAR.*position 1 of the log one\.example\/log\/1/ })
    const list = JSON.parse((await run('cite', clear.recordId, green.recordId, '--style', 'csl-json')).stdout)
    t.equal(list.length, 2, 'several are one list')
    t.equal((await run('cite', red.recordId)).exit, 5)
    t.equal((await run('cite', 'A'.repeat(43))).exit, 5)
    t.equal((await run('cite', 'short')).exit, 2)
  })

  await t.test('keeps a search, and asks it again', async (t) => {
    const saved = await run('search', 'walrus', '--tlp', 'GREEN', '--save', 'Walruses')
    t.match(saved, { exit: 0, stdout: green.recordId, stderr: '/v1/search/feed?q=walrus&tlp=GREEN' })
    t.equal((await run('search', 'x', '--save', 'Walruses')).exit, 6)
    t.match((await run('saved', 'list')).stdout, /\tWalruses\tq=walrus tlp=GREEN$/m)
    t.match((await run('search', '--saved', 'Walruses')).stdout, green.recordId)
    t.equal((await run('saved', 'delete', 'Walruses')).exit, 0)
    t.equal((await run('saved', 'delete', 'Walruses')).exit, 5)
    t.match(await run('saved', 'list'), { exit: 0, stdout: '', stderr: 'concordance search WORDS --save NAME' })
    t.equal((await anonymous('saved', 'list')).exit, 4)
  })

  await t.test('asked of peers that do not answer says so, and is partly done', async (t) => {
    const { exit, stdout, stderr } = await run('search', 'walrus', '--federated', '--budget', '500')
    t.equal(exit, 8)
    t.match(stdout, green.recordId, 'and what is here is given all the same')
    t.match(stderr, /^ {2}here: 1 matched; asking 1 institutes$/m)
    t.match(stderr, /^ {2}two\.example: (unreachable|timeout)/m)
    t.match(stderr, 'this is not the whole answer')
    const lines = linesOfJson((await run('search', 'walrus', '--federated', '--budget', '500', '--jsonl')).stdout)
    t.match(lines.at(-1), {
      end: { records: 1, complete: false, marking: 'TLP:GREEN', institutes: [{ iss: 'https://two.example' }] },
    })
    t.equal((await anonymous('search', 'walrus', '--federated')).exit, 4)
  })
})
