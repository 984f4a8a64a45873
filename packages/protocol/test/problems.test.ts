import t from 'tap'
import { Check } from 'typebox/schema'
import { Problem, type ProblemCode, problems } from '../src/index.ts'

t.test('every problem', async (t) => {
  for (const [code, { status, title, remedy }] of Object.entries(problems)) {
    t.test(`${code} has a status, a title and a remedy`, async (t) => {
      t.match(code, /^[a-z]+(-[a-z]+)*$/)
      t.ok(status >= 400 && status < 600)
      t.ok(title.length > 3 && remedy.endsWith('.'))
      const problem: Problem = {
        type: `urn:concordance:problem:${code}`,
        code: code as ProblemCode,
        status,
        title,
        remedy,
      }
      t.ok(Check(Problem, problem))
    })
  }
})
