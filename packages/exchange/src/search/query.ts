import { tokenise } from './tokenise.ts'

/**
 * What a person types, as the text form of a tsquery: every word must occur; `"quoted words"` in this order; `-word`
 * must not occur. Built from tokens alone, so that nothing typed can be an operator.
 *
 * @returns undefined where nothing searchable was typed.
 */
export function parseQuery(typed: string): string | undefined {
  const parts = [...typed.matchAll(/(?<not>-)?(?:"(?<phrase>[^"]*)"|(?<word>[^\s"]+))/gu)]
  const terms = parts.flatMap(({ groups }) => {
    const term = phraseOf(tokenise(groups?.phrase ?? groups?.word ?? ''))
    return term === undefined ? [] : [groups?.not ? `!${term}` : term]
  })
  return terms.length === 0 ? undefined : terms.slice(0, termsAtMost).join(' & ')
}

/** A tsvector in text form: the title's tokens weigh more than the others'. */
export function formatWords(title: readonly string[], text: readonly string[]): string {
  const positions = new Map<string, string[]>()
  let at = 0
  const add = (token: string, weight: string) => {
    at = Math.min(at + 1, lastPosition)
    const places = positions.get(token) ?? []
    if (places.length < placesAtMost) places.push(`${at}${weight}`)
    positions.set(token, places)
  }
  for (const part of title) for (const token of tokenise(part)) add(token, 'A')
  for (const part of text) {
    at += 1 // a phrase does not run across two texts
    for (const token of tokenise(part)) add(token, '')
  }
  return [...positions].map(([token, places]) => `${quote(token)}:${places.join(',')}`).join(' ')
}

const termsAtMost = 32
/** PostgreSQL keeps positions up to here, and this many a lexeme. */
const lastPosition = 16_383
const placesAtMost = 32

function phraseOf(tokens: readonly string[]): string | undefined {
  if (tokens.length === 0) return undefined
  return `(${tokens.slice(0, termsAtMost).map(quote).join(' <-> ')})`
}

/** Tokens hold letters, digits and marks only; quoting says so to PostgreSQL as well. */
function quote(token: string): string {
  return `'${token.replaceAll(/['\\]/g, '')}'`
}
