import type { Answer, Engine } from './engine.ts'
import { listQuestions, type Question } from './questions.ts'
import { say } from './say.ts'

export const ofEachKind = 20

/** What each question took, round by round. */
export interface Times {
  readonly name: string
  readonly rounds: readonly (readonly (Answer & Pick<Question, 'kind'>)[])[]
}

/** Each engine the same question, one after the other, so that a machine that slows down slows them all. */
export async function askInTurn(engines: readonly Engine[], rounds: number): Promise<Times[]> {
  const questions = listQuestions(ofEachKind)
  const times = engines.map(({ name }) => ({ name, rounds: [] as (Answer & Pick<Question, 'kind'>)[][] }))
  for (let round = -1; round < rounds; round++) {
    say(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`)
    const isWarm = round >= 0
    for (const one of times) if (isWarm) one.rounds.push([])
    for (const question of questions) {
      for (const [i, engine] of engines.entries()) {
        const answer = await engine.ask(question)
        if (isWarm) times[i]?.rounds[round]?.push({ ...answer, kind: question.kind })
      }
    }
  }
  return times
}

/** Of what the questions of one round took, in ms. */
export function quantileOf({ rounds }: Times, round: number, share: number): number {
  return quantile(
    (rounds[round] ?? []).map(({ tookMs }) => tookMs),
    share,
  )
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN
}
