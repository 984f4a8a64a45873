import { fileURLToPath } from 'node:url'
import { type ImportResult, importFile, parseAnswers } from '@concordance/importers'
import type { JsonObject, JsonValue, RecordInput } from '@concordance/protocol'
import type { DemoInstitute } from './institutes.ts'

const data = fileURLToPath(new URL('../../packages/importers/test/data/', import.meta.url))

/** What a log cannot know, answered alike for every file of the demonstration: nobody here ran these tests. */
const answers: Readonly<Record<string, JsonValue>> = {
  '/subject/kind': 'model',
  '/subject/name': 'unknown',
  '/subject/version': 'unknown',
  '/subject/weights': 'unknown',
  '/subject/access': 'public-api',
  '/phase': 'post-market',
  '/testedFrom': null,
  '/testedTo': null,
  '/objective': 'capability',
  '/stance': 'realistic-use',
  '/estimand': 'benchmark',
  '/protocol/name': 'unknown',
  '/protocol/version': 'unknown',
  '/deviations': [],
  '/apparatus/harness/name': 'unknown',
  '/apparatus/harness/version': 'unknown',
  '/apparatus/elicitation/effort': 'none',
  '/sampling/items': null,
  '/sampling/frame': 'all',
  '/sampling/epochs': 1,
  '/grading/kind': 'programmatic',
  '/languages': ['en'],
  '/risk': [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'reliability' }],
  '/limitations': ['A public test file, imported to show the exchange; it says nothing about the system today.'],
  '/conduct/by': 'contributors of the public repository that the file comes from',
  '/conduct/role': 'third-party',
  '/conduct/developerSawBefore': false,
}

const summary: Readonly<Record<string, string>> = {
  en: 'A public log, imported to show the exchange. The fictional institute that signs it did not run this test.',
  fr: 'Un journal public, importé pour montrer l’échange. L’institut fictif qui le signe n’a pas fait cet essai.',
  ja: '交換を示すために取り込んだ公開ログである。署名する架空の機関がこの試験を行ったのではない。',
}

/** A file as it was read with answers, or why it was refused. */
export async function importForDemo(institute: DemoInstitute, file: string): Promise<ImportResult> {
  const asked = await importFile(data + file, {})
  if (asked.outcome === 'refused') return asked
  const missing = new Set(asked.drafts.flatMap((draft) => draft.missing))
  const given: Record<string, JsonValue> = { lang: institute.lang }
  for (const field of missing) {
    if (field === '/plainSummary') set(given, field, { [institute.lang]: summary[institute.lang] ?? '' })
    else if (field in answers) set(given, field, answers[field] as JsonValue)
  }
  return importFile(data + file, { answers: parseAnswers(given) })
}

/** The marking of imports: what was public stays public, and every third goes to the members of the network alone. */
export function inputOf(draft: ImportResult['drafts'][number], index: number): RecordInput {
  const mark = index % 3 === 0 ? ({ tlp: 'CLEAR', relay: 'any' } as const) : ({ tlp: 'GREEN', relay: 'none' } as const)
  return { type: draft.type, lang: draft.lang, mark, content: draft.content as JsonObject }
}

function set(target: Record<string, JsonValue>, pointer: string, value: JsonValue): void {
  const members = pointer.slice(1).split('/')
  let at = target
  for (const member of members.slice(0, -1)) {
    at[member] ??= {}
    at = at[member] as Record<string, JsonValue>
  }
  at[members.at(-1) as string] = value
}
