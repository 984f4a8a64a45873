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
  const planted = new Map<string, { kind: Kind; word: string; spellings: readonly string[] }>()
  const adopt = (kind: Kind, place: string, word: string) => {
    planted.set(place, { kind, word, spellings: spell(word) })
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
      [...planted].flatMap(([place, { kind, spellings }]) =>
        (kinds.length === 0 || kinds.includes(kind)) && spellings.some((word) => text.includes(word)) ? [place] : [],
      ),
    get count() {
      return planted.size
    },
  }
}

/** As it is, in hexadecimal, and as the middle of something in base64 or base64url: it can begin at any of three places. */
function spell(word: string): string[] {
  const encoded = [0, 1, 2].map((before) => {
    const text = Buffer.from(`${' '.repeat(before)}${word}`).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + word.length) * 8) / 6))
  })
  return [word, Buffer.from(word).toString('hex'), ...encoded]
}

function inventWord(): string {
  return `canary${[...randomBytes(12)].map((byte) => 'bcdfghjklmnpqrst'[byte % 16]).join('')}`
}
