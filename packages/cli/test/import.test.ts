import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { answersYaml, inspectLog } from './support/inspect-log.ts'
import { linesOfJson, runCommand } from './support/run-command.ts'

const folder = {
  'good.json': JSON.stringify(inspectLog()),
  'running.json': JSON.stringify(inspectLog({ status: 'started', results: null })),
  'other.txt': 'not a log',
  'answers.yaml': answersYaml,
  'broken.yaml': 'subject: [',
  'wrong.yaml': 'measures: []',
}

t.test('a dry run', async (t) => {
  const cwd = t.testdir(folder)
  const dryRun = (...args: string[]) => runCommand(['import', '--dry-run', ...args], { cwd })

  await t.test('gives one line of JSON a file, with what would leave, and needs no node', async (t) => {
    const { exit, stdout } = await dryRun('--json', 'good.json', 'running.json', 'other.txt')
    const [good, running, other] = linesOfJson(stdout)
    t.match(good, {
      file: 'good.json',
      format: 'inspect',
      outcome: 'draft',
      warnings: [{ code: String, detail: String }],
    })
    t.match(good, { drafts: [{ measures: [{ value: 0.75, n: 4 }], protocol: { name: 'made-up-task' } }] })
    t.ok((good as { leaves: string[] }).leaves.includes('/0/measures/0/value'))
    t.match(running, { file: 'running.json', outcome: 'refused', code: 'RUN_NOT_FINISHED', drafts: [], leaves: [] })
    t.match(other, { file: 'other.txt', format: 'unknown', outcome: 'refused', code: 'FORMAT_UNKNOWN' })
    t.equal(exit, 8)
  })

  await t.test('ends with 0 when every file came through, 1 when none did', async (t) => {
    t.equal((await dryRun('good.json')).exit, 0)
    t.equal((await dryRun('running.json', 'absent.json')).exit, 1)
  })

  await t.test('says in words what leaves, where it came from and what is still to be asked', async (t) => {
    const { stdout, stderr } = await dryRun('good.json')
    t.match(stdout, /\/measures\/0\/value +0\.75 {2}\(from .*metrics\/accuracy\/value\)/)
    t.match(stdout, 'At which phase')
    t.notMatch(stdout, 'secret-folder')
    t.equal(stderr, '')
  })

  await t.test('takes answers from a side file', async (t) => {
    const { stdout } = await dryRun('--json', '--answers', 'answers.yaml', 'good.json')
    t.match(linesOfJson(stdout), [{ drafts: [{ limitations: ['four items only'], conduct: { by: 'An Institute' } }] }])
  })

  await t.test('ends with 2 for answers that cannot be read, or that answer nothing', async (t) => {
    for (const file of ['broken.yaml', 'wrong.yaml', 'absent.yaml']) {
      t.equal((await dryRun('--answers', file, 'good.json')).exit, 2, file)
    }
  })

  await t.test('neutralises what a log would do to a terminal', async (t) => {
    const name = 'trap\u001b]0;owned\u0007.json'
    writeFileSync(join(cwd, name), JSON.stringify(inspectLog({ task: 'a\u202etask\u009b2J' })))
    for (const args of [[name], ['--json', name]]) {
      const { stdout, stderr } = await dryRun(...args)
      t.notMatch(stdout + stderr, /[^\P{Cc}\n]|\u202e/u)
    }
  })
})

t.test('the questions can be written as a file, and filling it in completes the draft', async (t) => {
  const cwd = t.testdir(folder)
  const { exit } = await runCommand(['import', '--questions', 'asked.yaml', 'good.json'], { cwd })
  t.equal(exit, 0)
  const { stdout } = await runCommand(['import', '--dry-run', '--json', '--answers', 'asked.yaml', 'good.json'], {
    cwd,
  })
  t.match(linesOfJson(stdout), [{ outcome: 'refused', code: 'ANSWERS_INVALID' }], 'left empty it answers nothing')
  t.equal(
    (await runCommand(['import', '--questions', 'asked.yaml', 'good.json'], { cwd })).exit,
    1,
    'and is never overwritten',
  )
})
