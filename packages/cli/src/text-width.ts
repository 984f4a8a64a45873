/** Columns a text takes on a terminal: East Asian wide characters and emoji two, combining marks none. */
export function textWidth(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** Cuts to at most `width` columns, with an ellipsis where something is cut. Requires `width >= 1`. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let cut = ''
  let used = 1
  for (const { segment } of graphemes.segment(text)) {
    used += wide.test(segment) ? 2 : 1
    if (used > width) break
    cut += segment
  }
  return `${cut}…`
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const wide =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u
