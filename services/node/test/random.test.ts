import t from 'tap'
import { createRandom } from '../src/random.ts'

t.test('random bytes', async (t) => {
  t.test('are as many as were asked for, and never the same ones twice', async (t) => {
    const random = createRandom()
    const seen = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      seen.add(Buffer.from(random(16)).toString('hex'))
    }
    t.equal(seen.size, 10_000)
  })

  t.test('belong to whoever drew them: nobody else can change them', async (t) => {
    const random = createRandom()
    const first = random(16)
    const text = Buffer.from(first).toString('hex')
    random(32).fill(0)
    t.equal(Buffer.from(first).toString('hex'), text)
  })

  t.test('come in any number', async (t) => {
    for (const bytes of [0, 1, 64, 65, 10_000]) t.equal(createRandom()(bytes).length, bytes)
  })
})
