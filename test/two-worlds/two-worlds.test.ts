import t, { type Test } from 'tap'
import { history, type Viewer, viewers } from './history.ts'
import { type Asker, ask, sign } from './people.ts'
import { plainly } from './plain.ts'
import {
  generate,
  type Names,
  namesOf,
  operationsAsked,
  proofs,
  type Question,
  refusals,
  takenAway,
} from './questions.ts'
import { createWorld, type Founding, found, type Placed, type World } from './world.ts'

const seed = 20_260_101
/** Requests of an operation without parameters; others get more. */
const each = 2
const requestsAtLeast = 500

t.test('two worlds, one with closed records where the other has cover leaves', async (t) => {
  const founding = await found(t)
  const first = await createWorld(t, founding)
  const names = namesOf(first, await collectCursors(founding, first))
  let requests = 0
  for (const viewer of viewers) {
    // Both are new: what others took along before would stand in the audit trail of one of them.
    const whole = await createWorld(t, founding)
    const worlds = { founding, whole, without: await createWorld(t, founding, viewer) }
    await t.test(`look the same to ${viewer}`, async (t) => {
      t.equal(worlds.without.size, whole.size, 'the logs are equally long')
      const questions = questionsOf(viewer, names, whole)
      for (const { question, answers } of await askBoth(worlds, viewer, questions)) {
        t.equal(answers[0], answers[1], `${question.operation}: ${question.method ?? 'GET'} ${question.path}`)
      }
      const pages = await Promise.all(lists.map((list) => walk(t, worlds, viewer, list)))
      requests += questions.length + pages.reduce((sum, count) => sum + count, 0)
      const asked = new Set(questions.map(({ operation }) => operation))
      t.strictSame(
        operationsAsked.filter((operation) => !asked.has(operation)),
        [],
        'every operation is asked',
      )
    })
    await t.test(`look different to those who may see what is closed to ${viewer}`, async (t) => {
      for (const asker of twinsOf(viewer)) {
        const asked = await askBoth(worlds, asker, generate(names, seed, 1))
        t.ok(
          asked.some(({ answers }) => answers[0] !== answers[1]),
          asker,
        )
      }
    })
  }
  t.ok(requests >= requestsAtLeast, `${requests} requests were compared`)
  t.comment(`${requests} requests compared`)
})

interface Worlds {
  readonly founding: Founding
  readonly whole: World
  readonly without: World
}

function questionsOf(viewer: Viewer, names: Names, whole: World): Question[] {
  const questions = [...generate(names, seed, each), ...takenAway(names)]
  if (viewer === 'anonymous') return [...questions, ...proofs(names)]
  return viewer === 'staff' || viewer === 'researcher'
    ? [...questions, ...refusals(namesOf({ placed: closedTo(viewer, whole), size: 0 }, []))]
    : questions
}

function closedTo(viewer: Viewer, { placed }: World): ReadonlyMap<string, Placed> {
  const open = history.filter((step) => !step.closedTo.includes(viewer)).map(({ name }) => placed.get(name)?.finding)
  const closed = history.filter((step) => step.closedTo.includes(viewer))
  return new Map(
    closed.flatMap(({ name }): [string, Placed][] => {
      const { finding, ...others } = placed.get(name) ?? {}
      // The next version of a finding that is open is refused by its number, whoever asks.
      return [[name, open.includes(finding) ? others : { ...others, ...(finding && { finding }) }]]
    }),
  )
}

function twinsOf(viewer: Viewer): readonly Asker[] {
  return ['stranger', 'former', 'latecomer'].includes(viewer) ? ['hand', 'member'] : ['hand']
}

interface Asked {
  readonly question: Question
  readonly answers: readonly [string, string]
}

const atOnce = 8

/** Each question to both worlds, byte for byte the same. */
async function askBoth(worlds: Worlds, asker: Asker, questions: readonly Question[]): Promise<Asked[]> {
  const asked: Asked[] = []
  // What leaves a line in the audit trail is asked alone, so that the lines have one order.
  const [alone = [], together = []] = [true, false].map((is) => questions.filter((one) => leavesTrace(one) === is))
  for (const question of alone) asked.push(await askOf(worlds, asker, question))
  for (let at = 0; at < together.length; at += atOnce) {
    const few = together.slice(at, at + atOnce)
    asked.push(...(await Promise.all(few.map((question) => askOf(worlds, asker, question)))))
  }
  return asked
}

function leavesTrace({ operation }: Question): boolean {
  return operation === 'exportSearch'
}

async function askOf({ founding, whole, without }: Worlds, asker: Asker, question: Question): Promise<Asked> {
  const signed = await sign(founding, asker, question, whole.deps.now())
  const [first, second] = await Promise.all([ask(whole, signed), ask(without, signed)])
  return { question, answers: [plainly(whole, first, question.path), plainly(without, second, question.path)] }
}

const lists = [
  '/v1/records?limit=3',
  '/v1/drafts?limit=1',
  '/v1/search?limit=3',
  '/v1/search?limit=2&q=everywhere',
  '/v1/search?limit=2&q=everywhere&sort=newest',
]

/** A list from its first page to its last. @returns how many pages there were. */
async function walk(t: Test, worlds: Worlds, viewer: Viewer, list: string): Promise<number> {
  let next: string | undefined
  for (let pages = 1; ; pages++) {
    const path = next === undefined ? list : `${list}&cursor=${next}`
    const { answers } = await askOf(worlds, viewer, { operation: 'list', path })
    t.equal(answers[0], answers[1], `page ${pages} of ${list}`)
    next = /"next":"([\w-]+)"/.exec(answers[0])?.[1]
    if (next === undefined) return pages
  }
}

/** Where each record stands in the lists of somebody who sees them all. */
async function collectCursors(founding: Founding, world: World): Promise<string[]> {
  const cursors: string[] = []
  for (const list of ['/v1/records?limit=1', '/v1/drafts?limit=1', '/v1/search?limit=1&q=everywhere']) {
    let path = list
    for (;;) {
      const { text } = await ask(world, await sign(founding, 'hand', { path }, world.deps.now()))
      const { next } = JSON.parse(text) as { next?: string }
      if (next === undefined) break
      cursors.push(next)
      path = `${list}&cursor=${next}`
    }
  }
  return cursors
}
