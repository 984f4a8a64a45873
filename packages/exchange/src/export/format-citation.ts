import { formatBibtex } from './bibtex.ts'
import { type Citation, notesOf } from './citation.ts'
import { formatCslJson } from './csl-json.ts'
import { formatRis } from './ris.ts'
import type { TextFile } from './text-file.ts'

export type CitationStyle = keyof typeof styles

export function formatCitation(style: CitationStyle, citation: Citation): TextFile {
  const { format, ...file } = styles[style]
  return { text: format(citation), ...file }
}

const styles = {
  plain: { format: formatPlain, mediaType: 'text/plain', fileName: 'citation.txt' },
  bibtex: { format: formatBibtex, mediaType: 'application/x-bibtex', fileName: 'citation.bib' },
  ris: { format: formatRis, mediaType: 'application/x-research-info-systems', fileName: 'citation.ris' },
  'csl-json': {
    format: formatCslJson,
    mediaType: 'application/vnd.citationstyles.csl+json',
    fileName: 'citation.json',
  },
} as const

function formatPlain(citation: Citation): string {
  const { institute, day, title, type, url } = citation
  const sentences = [`${institute} (${day})`, title, `Concordance ${type}`, ...notesOf(citation)]
  return `${sentences.map((each) => (/[.?!。؟]$/u.test(each) ? each : `${each}.`)).join(' ')} ${url}\n`
}
