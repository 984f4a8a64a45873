/**
 * Cuts text into the tokens that search compares, the same way for records and for queries. PostgreSQL's own parsers
 * take a whole Chinese or Japanese sentence for one word; here scripts without spaces become pairs of characters.
 *
 * @returns tokens in order, lower case and folded, at most 64 characters each.
 */
export function tokenise(text: string): string[] {
  const tokens: string[] = []
  for (const [run] of fold(text.slice(0, longestText)).matchAll(runs)) {
    if (dense.test(run)) tokens.push(...pairsOf([...run]))
    else tokens.push(run.slice(0, longestToken))
  }
  return tokens
}

const longestText = 200_000
const longestToken = 64

/** Scripts written without spaces between words. */
const denseScripts =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}ー々'
const dense = new RegExp(`^[${denseScripts}]`, 'u')
/** A run of one dense script family, or a word of any other: letters, digits and marks, with inner full stops and hyphens cut. */
const runs = new RegExp(`[${denseScripts}]+|[^${denseScripts}\\P{L}]+[\\p{M}\\p{N}]*|[\\p{N}]+[a-z]*`, 'gu')

/** Compatibility forms, case, Latin accents, and the letter variants of Arabic and Persian become one. */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/(?<=[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}]\p{M}*)\p{M}/gu, '')
    .normalize('NFC')
    .replaceAll(/[\u064B-\u0652\u0640\u200C]/g, '')
    .replaceAll(/[أإآٱ]/g, 'ا')
    .replaceAll(/[ىي]/g, 'ی')
    .replaceAll('ك', 'ک')
    .replaceAll('ة', 'ه')
}

/** Overlapping pairs; a single character stands alone. */
function pairsOf(characters: readonly string[]): string[] {
  if (characters.length < 2) return [...characters]
  return characters.slice(1).map((character, i) => `${characters[i]}${character}`)
}
