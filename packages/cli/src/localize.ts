/** Texts given as `fr:…`, or without a language, which is English, as text by language tag. */
export function localize(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, lang = 'en', rest = text] = /^([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*):\s*([^/].*)$/s.exec(text) ?? []
      return [lang, rest]
    }),
  )
}
