import { randomBytes } from 'node:crypto'

/**
 * What a canary sits in. `shared`: open to the members of the group. `home`: to nobody outside the institute. `name`: the
 * name of a member that nobody knows, which a refusal gives back to whoever sent it.
 */
export type Kind = 'shared' | 'home' | 'token' | 'query' | 'name'

/** Words that nothing else contains, each planted in one place. */
export interface Canaries {
  /** A new word for this place. */
  plant(kind: Kind, place: string): string
  /** Takes something secret that was made elsewhere for a canary. */
  adopt(kind: Kind, place: string, word: string): string
  /** @throws for a place where none was planted. */
  get(place: string): string
  /** The places whose canaries are in a text; of all kinds where none is named. */
  heardIn(text: string, ...kinds: readonly Kind[]): string[]
  readonly count: number
}

export function createCanaries(): Canaries {
  const planted = new Map<string, { kind: Kind; word: string }>()
  const adopt = (kind: Kind, place: string, word: string) => {
    planted.set(place, { kind, word })
    return word
  }
  return {
    adopt,
    plant: (kind, place) => adopt(kind, place, inventWord()),
    get(place) {
      const canary = planted.get(place)
      if (!canary) throw new Error(`there is no canary in ${place}`)
      return canary.word
    },
    heardIn: (text, ...kinds) =>
      [...planted].flatMap(([place, { kind, word }]) =>
        (kinds.length === 0 || kinds.includes(kind)) && text.includes(word) ? [place] : [],
      ),
    get count() {
      return planted.size
    },
  }
}

function inventWord(): string {
  return `canary${[...randomBytes(12)].map((byte) => 'bcdfghjklmnpqrst'[byte % 16]).join('')}`
}
