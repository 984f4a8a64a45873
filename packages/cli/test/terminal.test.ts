import { PassThrough } from 'node:stream'
import t from 'tap'
import type { GlobalOptions } from '../src/context.ts'
import { Failure } from '../src/failure.ts'
import { openTerminal } from '../src/terminal.ts'

interface Options {
  readonly tty: boolean
  readonly json?: boolean
  readonly env?: Record<string, string>
  readonly global?: GlobalOptions
  readonly columns?: number
}

function open({ tty, json = false, env = {}, global = {}, columns = 60 }: Options) {
  const streams = [new PassThrough(), new PassThrough()].map((stream) => Object.assign(stream, { isTTY: tty, columns }))
  const [stdout, stderr] = streams as unknown as [NodeJS.WriteStream, NodeJS.WriteStream]
  const read = (stream: NodeJS.WriteStream) => String((stream as unknown as PassThrough).read() ?? '')
  return {
    terminal: openTerminal({ env, global: { json, ...global } }, stdout, stderr),
    out: () => read(stdout),
    err: () => read(stderr),
  }
}

const items = [
  { id: 'a', title: '試験 of\u001b something' },
  { id: 'long', title: 'x'.repeat(80) },
]
const list = {
  columns: ['id', 'title'],
  row: (item: (typeof items)[0]) => [item.id, item.title],
  empty: 'nothing; make one',
}

t.test('a list', async (t) => {
  await t.test('is an aligned table for people, cut to the width of their terminal', async (t) => {
    const { terminal, out } = open({ tty: true })
    terminal.giveList(items, list)
    t.equal(out(), `ID    TITLE\na     試験 of<U+001B> something\nlong  ${'x'.repeat(53)}…\n`)
  })

  await t.test('is tab-separated, whole and without a header for programs', async (t) => {
    const { terminal, out } = open({ tty: false })
    terminal.giveList(items, list)
    t.equal(out(), `a\t試験 of<U+001B> something\nlong\t${'x'.repeat(80)}\n`)
  })

  await t.test('is one JSON value a line with --json', async (t) => {
    const { terminal, out } = open({ tty: false, json: true })
    terminal.giveList(items, list)
    t.same(
      out()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      items,
    )
  })

  await t.test('that is empty says what to do next, and not as data', async (t) => {
    const { terminal, out, err } = open({ tty: false })
    terminal.giveList([], list)
    t.equal(out(), '')
    t.equal(err(), 'nothing; make one\n')
  })
})

t.test('a hint spells its commands as they have to be typed', async (t) => {
  const spelt = (env: Record<string, string>, global: GlobalOptions = {}, command = 'publish ID') => {
    const { terminal, err } = open({ tty: false, env, global })
    terminal.talk(`next: \`concordance ${command}\``)
    return err()
  }
  t.equal(spelt({}), 'next: `concordance publish ID`\n')
  t.equal(spelt({ npm_lifecycle_event: 'concordance' }), 'next: `npm run -s concordance -- publish ID`\n')
  const elsewhere = { data: '/var/lib/a node', url: 'https://a.example', tokenFile: 'rosa.token', token: 'secret' }
  t.equal(spelt({}, elsewhere), "next: `concordance --data '/var/lib/a node' --url https://a.example publish ID`\n")
  t.equal(
    spelt({}, { url: 'https://a.example' }, 'serve'),
    'next: `concordance serve`\n',
    'which is done where it runs',
  )
})

t.test('a status line is redrawn for whoever watches, and nowhere else', async (t) => {
  const watched = open({ tty: true })
  watched.terminal.status('1 %')
  watched.terminal.status('2 %')
  watched.terminal.talk('done')
  t.equal(watched.err(), '1 %\r\u001b[2K2 %\r\u001b[2Kdone\n')
  for (const quiet of [
    open({ tty: false }),
    open({ tty: true, env: { TERM: 'dumb' } }),
    open({ tty: true, env: { CONCORDANCE_ACCESSIBLE: '1' } }),
  ]) {
    quiet.terminal.status('1 %')
    t.equal(quiet.err(), '')
  }
})

t.test('colour is left away with NO_COLOR, where nobody watches, and comes with CLICOLOR_FORCE', async (t) => {
  t.equal(open({ tty: true }).terminal.bold('a'), '\u001b[1ma\u001b[22m')
  t.equal(open({ tty: true, env: { NO_COLOR: '1' } }).terminal.bold('a'), 'a')
  t.equal(open({ tty: false }).terminal.bold('a'), 'a')
  t.equal(open({ tty: false, env: { CLICOLOR_FORCE: '1' } }).terminal.bold('a'), '\u001b[1ma\u001b[22m')
})

t.test('a failure is three lines whatever its parts hold', async (t) => {
  const { terminal, err } = open({ tty: false })
  terminal.fail(new Failure({ what: 'could not', why: 'line one\nline two \u001b[2J', remedy: 'do', code: 'X' }))
  t.equal(err(), 'could not\n  why: line one line two <U+001B>[2J\n  do:  do\n')
})
