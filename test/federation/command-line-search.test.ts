import t from 'tap'
import { linesOfJson, runCommand } from '../../packages/cli/test/support/run-command.ts'
import { publish, round, startTestNetwork } from '../network/test-network.ts'

t.test('a federated search from the command line', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo', 'lima'], { lines: true })
  const [asker, oslo, lima] = ['nairobi', 'oslo', 'lima'].map((key) => network.institute(key)) as [Asked, Asked, Asked]
  const fromOslo = await publish(oslo, 'Sycophancy was seen in Oslo.')
  await round(asker, oslo, lima)
  const fromLima = await publish(lima, 'Sycophancy was seen in Lima, and is not copied yet.')
  await round(lima)
  const env = { CONCORDANCE_URL: asker.client.baseUrl, CONCORDANCE_TOKEN: asker.token }
  const search = (...args: string[]) =>
    runCommand(['search', 'sycophancy', '--federated', ...args], { cwd: t.testdir(), env })

  await t.test('names every institute as it answers, and is done when all have', async (t) => {
    const { exit, stdout, stderr } = await search()
    t.equal(exit, 0, stderr)
    for (const { recordId } of [fromOslo, fromLima]) t.match(stdout, recordId)
    t.match(
      stderr,
      /^ {2}here: 1 matched; asking 2 institutes\n {2}\S+: ok, 1 matched, \d+ ms\n {2}\S+: ok, 1 matched, \d+ ms\n/,
    )
    t.notMatch(stderr, 'not the whole answer')
  })

  await t.test('says that what came live cannot be cited from here', async (t) => {
    const { exit, stdout, stderr } = await search('--cite', 'ris')
    t.equal(exit, 8)
    t.match(stdout, `ID  - concordance-${fromOslo.recordId}`)
    t.match(stderr, `${fromLima.recordId} is not copied here`)
  })

  await t.test('names who hangs before it names the answer whole', async (t) => {
    network.line('nairobi', 'lima').mode = { kind: 'hang' }
    const { exit, stdout, stderr } = await search('--budget', '1000', '--jsonl')
    t.equal(exit, 8)
    t.match(stderr, /: timeout/)
    t.match(stderr, 'this is not the whole answer')
    const lines = linesOfJson(stdout)
    t.match(lines.at(-1), { end: { records: 1, complete: false, marking: 'TLP:GREEN' } })
    t.match(lines[0], { recordId: fromOslo.recordId })
  })
})

type Asked = ReturnType<Awaited<ReturnType<typeof startTestNetwork>>['institute']>
