import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { inTurn } from '../../src/search/in-turn.ts'

t.test('questions in turn', async (t) => {
  const asked: (readonly number[])[] = []
  const answers: PromiseWithResolvers<readonly string[]>[] = []
  const ask = inTurn((together: readonly number[]) => {
    asked.push(together)
    const answer = Promise.withResolvers<readonly string[]>()
    answers.push(answer)
    return answer.promise
  })

  await t.test('are asked at once where nobody else asks, and together where somebody does', async (t) => {
    const first = ask(1)
    const later = [ask(2), ask(3)]
    t.same(asked, [[1]])
    answers.shift()?.resolve(['one'])
    t.equal(await first, 'one')
    await nextTurn()
    t.same(asked.splice(0), [[1], [2, 3]])
    answers.shift()?.resolve(['two', 'three'])
    t.same(await Promise.all(later), ['two', 'three'])
  })

  await t.test('that fail are told to those who asked them, and not to who asks next', async (t) => {
    const failed = ask(4)
    const next = ask(5)
    answers.shift()?.reject(new Error('gone'))
    await t.rejects(failed, /gone/)
    await nextTurn()
    answers.shift()?.resolve(['five'])
    t.equal(await next, 'five')
    t.same(asked, [[4], [5]])
  })
})
