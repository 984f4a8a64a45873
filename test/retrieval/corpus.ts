import { readdir, readFile } from 'node:fs/promises'
import type { JsonObject, RecordInput } from '@concordance/protocol'
import { importForDemo, inputOf } from '../demo/import-files.ts'
import { institutes } from '../demo/institutes.ts'

/** A record of the corpus, and what a reader reads in it. */
export interface Document {
  /** Of an article its number, of a record of the demonstration a name. */
  readonly id: string
  /** Which part of the corpus: a language, or `demo`. */
  readonly part: string
  readonly text: string
  readonly input: RecordInput
}

const clear = { tlp: 'CLEAR', relay: 'any' } as const

/** The Universal Declaration of Human Rights, an article a record, and everything that the demonstration publishes. */
export async function readCorpus(): Promise<Document[]> {
  return [...(await readDeclarations()), ...(await readDemo())]
}

const declarations = new URL('data/udhr/', import.meta.url)

async function readDeclarations(): Promise<Document[]> {
  const files = (await readdir(declarations)).filter((name) => name.endsWith('.json')).sort()
  const parts = await Promise.all(files.map((name) => readFile(new URL(name, declarations), 'utf8')))
  return files.flatMap((name, i) => {
    const lang = name.replace('.json', '')
    const articles = JSON.parse(parts[i] as string) as { article: number; text: string }[]
    return articles.map(({ article, text }) => ({
      id: String(article),
      part: lang,
      text,
      input: { type: 'observation', lang, mark: clear, content: observe(lang, text) },
    }))
  })
}

function observe(lang: string, text: string): JsonObject {
  return {
    seen: { [lang]: text },
    country: 'ZZ',
    sector: '–',
    howOften: 'unknown',
    wish: { [lang]: '–' },
    synthetic: true,
  }
}

async function readDemo(): Promise<Document[]> {
  const found = await Promise.all(
    institutes.map(async (institute) => {
      const files = await Promise.all(institute.files.map((file) => importForDemo(institute, file)))
      const imported = files.flatMap((result) => (result.outcome === 'refused' ? [] : result.drafts.map(inputOf)))
      return [...imported, ...institute.records]
    }),
  )
  return found.flat().map((input, number) => ({
    id: `demo-${number}`,
    part: 'demo',
    text: readable(input.content),
    input: { ...input, mark: clear },
  }))
}

/** What people read of a record: its texts and the names in it, none of the codes and numbers. */
function readable(content: RecordInput['content']): string {
  const told = content as Record<string, unknown>
  const labels = (told.measures as { label: string }[] | undefined)?.map(({ label }) => label)
  return JSON.stringify([...textMembers.map((member) => told[member]), labels])
}

const textMembers = [
  'title',
  'plainSummary',
  'seen',
  'wish',
  'subject',
  'benchmark',
  'protocol',
  'limitations',
  'cites',
  'conduct',
]
