import { type Citation, notesOf } from './citation.ts'

/**
 * An entry that BibTeX and biblatex both read. Fields stand in double braces where their letter case has to stay; no text
 * can open or close a brace, since BibTeX counts them even behind a backslash.
 */
export function formatBibtex(citation: Citation): string {
  const { recordId, institute, title, day, version, url, seenOn, lang, type } = citation
  const [year = '', month = ''] = day.split('-')
  const fields = [
    `author = {{${escapeTex(institute)}}}`,
    `title = {{${escapeTex(title)}}}`,
    `date = {${day}}`,
    `year = {${year}}`,
    `month = ${months[Number(month) - 1]}`,
    `type = {${escapeTex(`Concordance ${type}`)}}`,
    `version = {${version}}`,
    `language = {${escapeTex(lang)}}`,
    `howpublished = {\\url{${escapeUrl(url)}}}`,
    `url = {${escapeUrl(url)}}`,
    `urldate = {${seenOn}}`,
    `note = {${escapeTex(notesOf(citation).join('; '))}}`,
  ]
  return `@misc{concordance-${recordId},\n${fields.map((field) => `  ${field},\n`).join('')}}\n`
}

/** The macros that every BibTeX style knows. */
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const spellings: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\textbraceleft{}',
  '}': '\\textbraceright{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '@': '\\char64{}',
}

function escapeTex(text: string): string {
  return text.replaceAll(/[\\{}~^<>|"@$&#%_]/g, (found) => spellings[found] ?? `\\${found}`)
}

/** Such fields are taken as they are; what could end them is percent-encoded. */
function escapeUrl(url: string): string {
  return url.replaceAll(/[{}\\\s]/g, encodeURIComponent)
}
