/** The specifiers of static and dynamic imports and re-exports, where comments have been blanked. */
export function listImports(source: string): { specifier: string; offset: number }[] {
  const pattern = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g
  return [...source.matchAll(pattern)].map((match) => ({ specifier: match[2] ?? '', offset: match.index }))
}

/** Replaces comments by spaces; every other character, and so every line, keeps its place. */
export function blankComments(source: string): string {
  return source.replaceAll(token, (text) => (text.startsWith('/') ? blank(text) : text))
}

/** As `blankComments`, and quoted strings too. Templates stay: they hold code. */
export function blankCommentsAndStrings(source: string): string {
  return source.replaceAll(token, (text) => (text.startsWith('`') ? text : blank(text)))
}

const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}
