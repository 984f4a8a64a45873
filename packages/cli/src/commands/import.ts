import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { type Answers, type ImportedDraft, type ImportResult, importFile, parseAnswers } from '@concordance/importers'
import { api, type DraftView, type Marking } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { markOf } from '../mark.ts'
import { plainText } from '../plain-text.ts'
import { showProgress } from '../progress.ts'
import { readValue } from '../read-file.ts'
import { describeImport } from './describe-import.ts'

export interface ImportOptions {
  readonly answers?: string
  readonly dryRun?: boolean
  readonly tlp: string
  readonly group?: string
}

/** Every file is imported on its own: one that is refused stops no other. */
export async function importFiles(
  context: Context,
  files: readonly string[],
  options: ImportOptions,
): Promise<ExitCode> {
  const answers = parseAnswers(options.answers === undefined ? undefined : await readValue(options.answers))
  const mark = markOf(options.tlp, options.group)
  if (options.dryRun) return importEach(context, files, answers, (result) => show(context, result))
  return withClient(context, (client) =>
    importEach(context, files, answers, async (result) => {
      const drafts: DraftView[] = []
      for (const draft of result.drafts) drafts.push(await createDraft(client, draft, mark, context.signal))
      showCreated(context, result, drafts)
    }),
  )
}

async function importEach(
  context: Context,
  files: readonly string[],
  answers: Answers,
  take: (result: ImportResult) => void | Promise<void>,
): Promise<ExitCode> {
  let refused = 0
  for (const file of files) {
    const progress = showProgress(context.terminal, `reading ${file}`)
    const result = await importFile(file, { answers, signal: context.signal, onProgress: progress.report })
    progress.end()
    if (result.outcome === 'refused') refused += 1
    await take(result)
  }
  if (refused === 0) return exitCodes.done
  return refused === files.length ? exitCodes.failed : exitCodes.partlyDone
}

function createDraft(
  client: Client,
  { type, lang, content, origins }: ImportedDraft,
  mark: Marking,
  signal: AbortSignal,
): Promise<DraftView> {
  const headers = { 'idempotency-key': randomUUID() }
  return client.call(api.createDraft, { headers, body: { type, lang, mark, content, origins }, signal })
}

function show({ terminal }: Context, result: ImportResult): void {
  terminal.give(lineOf(result), () => describeImport(result))
}

/** One file, as `import --json` gives it: the bodies, and every field that would leave the node with them. */
function lineOf({ file, format, outcome, code, detail, warnings, drafts, leaves, questions }: ImportResult) {
  const bodies = drafts.map(({ content }) => content)
  return { file, format, outcome, code, detail, warnings, drafts: bodies, leaves, questions }
}

function showCreated({ terminal }: Context, result: ImportResult, created: readonly DraftView[]): void {
  const { file, outcome, code, detail, warnings, drafts } = result
  if (!terminal.json) {
    const name = plainText(file)
    if (outcome === 'refused') terminal.talk(`${name}: refused (${code}): ${plainText(detail ?? '')}`)
    for (const warning of warnings) terminal.talk(`${name}: ${warning.code}: ${plainText(warning.detail)}`)
    for (const [index, { id }] of created.entries()) {
      const missing = drafts[index]?.missing ?? []
      const next = missing.length === 0 ? `next: concordance publish ${id}` : `it still lacks ${missing.join(' ')}`
      terminal.talk(`${name}: draft ${id}; ${next}`)
    }
  }
  terminal.give({ ...lineOf(result), created: created.map(({ id }) => id) }, () => created.map(({ id }) => id))
}
