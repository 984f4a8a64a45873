import { plainJson } from '@concordance/protocol/plain-text'
import { type Citation, notesOf } from './citation.ts'

/** The input of citation processors (Citation Style Language 1.0.2): a list with one item. */
export function formatCslJson(citation: Citation): string {
  const { recordId, iss, institute, title, type, lang, day, version, origin, position, url, seenOn } = citation
  const item = {
    id: `concordance-${recordId}`,
    type: 'report',
    genre: `Concordance ${type}`,
    title: withoutMarkup(title),
    author: [{ literal: institute }],
    publisher: iss,
    issued: { 'date-parts': [partsOf(day)] },
    accessed: { 'date-parts': [partsOf(seenOn)] },
    version: String(version),
    number: recordId,
    archive: origin,
    archive_location: `position ${position}`,
    ...(citation.standing !== undefined && { status: citation.standing }),
    language: lang,
    URL: url,
    note: withoutMarkup(notesOf(citation).join('; ')),
  }
  return `${plainJson([item])}\n`
}

function partsOf(day: string): number[] {
  return day.split('-').map(Number)
}

/** Processors take a few HTML tags for formatting, and some hand all of them on to a page. */
function withoutMarkup(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›')
}
