import t from 'tap'
import { readWorkedExample, renderWorkedExample } from './worked-example.ts'

t.test('the worked example of docs/protocol.md', async (t) => {
  await t.test('shows exactly the bytes that the product computes', async (t) => {
    t.equal(readWorkedExample(), await renderWorkedExample())
  })
})
