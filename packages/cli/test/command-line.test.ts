import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import t from 'tap'
import { buildProgram } from '../src/program/build-program.ts'
import { linesOfJson, runCommand } from './support/run-command.ts'

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  return help
}

t.test('the help', async (t) => {
  await t.test('of every command gives two examples that its own options understand', async (t) => {
    const program = buildProgram(() => async () => {})
    const leaves = everyCommand(program).filter((command) => command.commands.length === 0)
    t.ok(leaves.length >= 25)
    for (const command of leaves) {
      const [, examples = ''] = helpOf(command).split('Examples:\n')
      t.equal(examples.trim().split('\n').length, 2, command.name())
      for (const line of examples.trim().split('\n')) {
        const options =
          line
            .replaceAll(/'[^']*'|"[^"]*"/g, '')
            .split('|')[0]
            ?.match(/--[a-z-]+/g) ?? []
        const known = [...command.options, ...program.options].map(({ long }) => long)
        for (const option of options) t.ok(known.includes(option), `${command.name()} takes ${option}`)
      }
    }
  })

  await t.test('names the exit codes, goes to stdout, and comes without any command as well', async (t) => {
    const cwd = t.testdir()
    const [asked, bare] = await Promise.all([runCommand(['--help'], { cwd }), runCommand([], { cwd })])
    t.match(asked, { exit: 0, stderr: '' })
    for (const code of ['0 done', '2 usage', '3 verification failed', '130 stopped']) t.match(asked.stdout, code)
    t.equal(bare.stdout, asked.stdout)
    t.equal(bare.exit, 0)
  })

  await t.test('comes at most 150 ms after the runtime itself', async (t) => {
    const fastest = (args: string[]) => Math.min(...[1, 2, 3, 4, 5].map(() => timeOf(args)))
    const [runtime, help] = [fastest(['-e', '0']), fastest([main, '--help'])]
    const budget = Math.max(150, 8 * runtime) // on a machine that is busy, the runtime alone takes long
    t.ok(help - runtime <= budget, `${Math.round(help - runtime)} ms`)
  })
})

function timeOf(args: readonly string[]): number {
  const start = performance.now()
  spawnSync(process.execPath, args)
  return performance.now() - start
}

t.test('a command line that is wrong', async (t) => {
  const cwd = t.testdir()
  const uuid = '01890a5d-ac96-774b-bcce-b302099a8057'
  const wrong = [
    ['frob'],
    ['list', '--frob'],
    ['draft'],
    ['import'],
    ['list', '--limit', 'many'],
    ['list', '--limit', '0'],
    ['show', 'x'],
    ['publish', 'x'],
    ['import', 'a', '--tlp', 'BLUE'],
    ['import', 'a', '--tlp', 'AMBER'],
    ['withdraw', 'x'],
    ['init', '--entity-id', 'not-a-url', '--database', 'embedded'],
    ['list', '--token-file', 'absent', '--url', 'https://a.example'],
    ['audience'],
    ['audience', uuid, '--tlp', 'RED'],
    ['audience', '--tlp', 'AMBER'],
    ['why', 'x'],
    ['draft', 'edit', uuid, '--group', 'https://a.example x'],
    ['peer', 'suspend', 'b'],
    ['people', 'disable', 'alma'],
    ['clearance', 'decide', uuid, '1', '--outcome', 'agreed'],
    ['clearance', 'decide', uuid, 'first', '--outcome', 'cleared'],
    ['audit', '--from', 'yesterday'],
    ['audit', '--from', '2027-03-01T12:00', '--url', 'https://a.example'],
  ]
  await t.test('ends with 2 and three lines: what, why, what to do', async (t) => {
    for (const args of wrong) {
      const { exit, stdout, stderr } = await runCommand(args, { cwd })
      t.equal(exit, 2, args.join(' '))
      t.notMatch(stderr, 'there is no node in', args.join(' '))
      t.equal(stdout, '')
      t.match(stderr.split('\n'), [/^\S/, /^ {2}why: \S/, /^ {2}do: {2}\S/, /^$/])
      t.equal(stderr.split('\n').length, 4)
    }
  })

  await t.test(
    'ends with one object on stderr under --json, so that a pipe never reads an error as data',
    async (t) => {
      for (const args of wrong.slice(0, 4)) {
        const { exit, stdout, stderr } = await runCommand([...args, '--json'], { cwd })
        t.equal(stdout, '')
        t.match(linesOfJson(stderr), [{ code: 'USAGE', what: String, why: String, remedy: String, exit }])
      }
    },
  )
})

t.test('a command for a node', async (t) => {
  const cwd = t.testdir()
  await t.test('without one says how to name or make it', async (t) => {
    const { exit, stderr } = await runCommand(['list', '--json'], { cwd })
    t.match(JSON.parse(stderr), { code: 'NO_NODE', remedy: /concordance init/ })
    t.equal(exit, 2)
  })

  await t.test('names what to do next as it has to be typed, through npm in a checkout', async (t) => {
    const remedyOf = async (env: Record<string, string>) =>
      JSON.parse((await runCommand(['list', '--json'], { cwd, env })).stderr).remedy
    t.match(await remedyOf({}), '`concordance init`')
    t.match(await remedyOf({ npm_lifecycle_event: 'concordance' }), '`npm run -s concordance -- init`')
  })

  await t.test('that does not answer fails with 1', async (t) => {
    const { exit, stderr } = await runCommand(['list', '--json', '--url', 'http://127.0.0.1:1'], { cwd })
    t.match(JSON.parse(stderr), { code: 'UNREACHABLE', exit: 1, remedy: /concordance serve/ })
    t.equal(exit, 1)
  })

  await t.test('takes a record id for one also where it begins with a dash', async (t) => {
    const [one, two] = [`-${'h'.repeat(42)}`, `--${'x'.repeat(41)}`]
    for (const args of [
      ['show', one],
      ['cite', one, two, '--style', 'ris'],
      ['verify', two, '--pin', one],
    ]) {
      const { exit, stderr } = await runCommand([...args, '--json', '--url', 'http://127.0.0.1:1'], { cwd })
      t.match(JSON.parse(stderr), { code: 'UNREACHABLE' }, args.join(' '))
      t.equal(exit, 1)
    }
    const { exit, stderr } = await runCommand(['show', `-${'h'.repeat(41)}`], { cwd })
    t.match(stderr, 'unknown option')
    t.equal(exit, 2)
  })

  await t.test('does not send a token over the network unprotected', async (t) => {
    const { exit, stderr } = await runCommand(['list', '--json', '--url', 'http://192.0.2.1'], {
      cwd,
      env: { CONCORDANCE_TOKEN: 'secret' },
    })
    t.equal(exit, 2)
    t.notMatch(stderr, 'secret')
  })
})
