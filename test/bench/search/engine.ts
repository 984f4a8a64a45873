import type { Question } from './questions.ts'

/** Something that answers a question: the first twenty, and how often each value of each facet occurs in all that matches. */
export interface Engine {
  readonly name: string
  ask(question: Question): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  readonly matched: number
  readonly tookMs: number
}

export const hitsShown = 20

/** Facet sets by id, and what each says. */
export type FacetSets = Map<number, Readonly<Record<string, string | readonly string[] | undefined>>>

/** How often each value of each facet occurs, from how often each set does: what is answered is values. */
export function countValues(sets: FacetSets, counts: Iterable<readonly [set: number, count: number]>) {
  const byName = new Map<string, Map<string, number>>()
  for (const [id, count] of counts) {
    for (const [name, values = []] of Object.entries(sets.get(id) ?? {})) {
      const ofName = byName.get(name) ?? new Map<string, number>()
      byName.set(name, ofName)
      for (const value of typeof values === 'string' ? [values] : values)
        ofName.set(value, (ofName.get(value) ?? 0) + count)
    }
  }
  return byName
}
