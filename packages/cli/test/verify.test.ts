import t from 'tap'
import { createInstitute } from './support/institute.ts'
import { linesOfJson, runCommand } from './support/run-command.ts'

const institute = await createInstitute()
const other = await createInstitute('https://other.example')
const { proof, recordId } = await institute.proveObservation('a thing \u202eseen\u001b[2J')
const { proof: proofOfOther } = await institute.proveObservation('another thing')

const cwd = t.testdir({
  'proof.json': JSON.stringify(proof),
  'body-swapped.json': JSON.stringify({ ...proof, body: proofOfOther.body }),
  'flipped.json': JSON.stringify({ ...proof, leaf: proofOfOther.leaf }),
  'evidence.json': JSON.stringify(await institute.contradictItself()),
  'nothing.json': JSON.stringify(await institute.contradictItself('A'.repeat(43))),
  'unknown.json': '{"v":1,"kind":"other"}',
  'text.json': 'no JSON',
  '.data': {
    node: {
      'node.json': JSON.stringify({
        entityId: 'https://us.example',
        peers: [{ iss: institute.iss, pin: institute.pin }],
      }),
    },
  },
})
const verify = (...args: string[]) => runCommand(['verify', ...args], { cwd })
const elsewhere = ['--data', 'absent']

t.test('a record proof', async (t) => {
  await t.test('is proven offline under a pin, in words and as JSON', async (t) => {
    const inWords = await verify('proof.json', '--pin', institute.pin, ...elsewhere)
    t.equal(inWords.exit, 0)
    t.match(inWords.stdout, 'Proven: this is exactly what https://origin.example signed')
    const asJson = await verify('proof.json', '--pin', institute.pin, '--json', ...elsewhere)
    t.match(linesOfJson(asJson.stdout), [
      {
        verified: true,
        kind: 'record-proof',
        recordId,
        iss: institute.iss,
        position: 0,
        size: 1,
        body: 'open',
        pin: institute.pin,
      },
    ])
  })

  await t.test('is proven under the pin that the operator gave a peer in node.json', async (t) => {
    t.equal((await verify('proof.json')).exit, 0)
  })

  await t.test('is not proven without a pin: that is a matter of the command line', async (t) => {
    const { exit, stderr } = await verify('proof.json', '--json', ...elsewhere)
    t.equal(exit, 2)
    t.match(JSON.parse(stderr), { code: 'NO_PIN' })
  })

  await t.test('ends with 3 under another pin, of another institute, or changed in any part', async (t) => {
    const pin = ['--pin', institute.pin]
    const cases = [
      ['proof.json', '--pin', other.pin],
      ['proof.json', ...pin, '--iss', other.iss],
      ['body-swapped.json', ...pin],
      ['flipped.json', ...pin],
      ['unknown.json', ...pin],
      ['text.json', ...pin],
    ]
    for (const args of cases) {
      const { exit, stdout, stderr } = await verify(...args)
      t.equal(exit, 3, args.join(' '))
      t.equal(stdout, '')
      t.equal(stderr.split('\n').length, 4)
    }
  })

  await t.test('cannot do anything to a terminal', async (t) => {
    const { stdout } = await verify('proof.json')
    t.match(stdout, 'a thing <U+202E>seen<U+001B>[2J')
    t.notMatch(stdout, /[^\P{Cc}\n]|\u202e/u)
  })
})

t.test('evidence of misconduct', async (t) => {
  await t.test('convinces whoever trusts the pin', async (t) => {
    const { exit, stdout } = await verify('evidence.json', '--pin', institute.pin, '--json', ...elsewhere)
    t.equal(exit, 0)
    t.match(linesOfJson(stdout), [{ verified: true, kind: 'two-roots', iss: institute.iss, sentence: String }])
    t.match((await verify('evidence.json')).stdout, 'two different logs of size 5')
  })

  await t.test('ends with 3 where it proves nothing, or is not of the pinned root', async (t) => {
    t.equal((await verify('nothing.json', '--pin', institute.pin)).exit, 3)
    t.equal((await verify('evidence.json', '--pin', other.pin)).exit, 3)
  })
})

t.test('a pin that is no thumbprint, and a file that is not there, end with 2', async (t) => {
  t.equal((await verify('proof.json', '--pin', 'short')).exit, 2)
  t.equal((await verify('absent.json', '--pin', institute.pin)).exit, 2)
})
