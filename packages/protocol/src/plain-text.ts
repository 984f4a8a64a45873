/**
 * Text that others wrote, made safe to be shown, on a terminal or in a file that leaves the node: what could move the
 * cursor, change colours, reverse or hide text stands as its number, as `<U+202E>`. Line breaks and tabs become spaces.
 */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\n\r\t\u0085\u2028\u2029]+/g, ' ')
    .replaceAll(unsafe, spell)
}

/** As `plainText`, but line breaks stay. */
export function plainLines(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map(plainText)
    .join('\n')
}

/** JSON of one line whose bytes are safe for a terminal as well: the same value, spelt with escapes. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(unsafe, (character) =>
    [...Array(character.length).keys()].map((at) => `\\u${hexOf(character.charCodeAt(at))}`).join(''),
  )
}

/**
 * Controls (C0, DEL, C1), bidirectional marks, embeddings, overrides and isolates, invisible spaces and joints, byte
 * order marks, interlinear annotations, tag characters. ZWJ and ZWNJ stay: Persian and emoji are spelt with them.
 */
const unsafe =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu

function spell(character: string): string {
  return `<U+${hexOf(character.codePointAt(0) ?? 0)}>`
}

function hexOf(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0')
}
