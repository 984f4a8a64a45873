import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { Client } from '@concordance/client'
import { type Answers, type ImportResult, importFile, parseAnswers, type Question } from '@concordance/importers'
import { api, type Marking } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { failureOf } from '../failure-of.ts'
import { markOf } from '../mark.ts'
import { showProgress } from '../progress.ts'
import { readValue } from '../read-file.ts'
import { answersForm } from './answers-form.ts'
import { describeImport } from './describe-import.ts'

export interface ImportOptions {
  readonly answers?: string
  readonly dryRun?: boolean
  readonly questions?: string
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
  const questions: Question[] = []
  const dryRun = async (result: ImportResult) => {
    questions.push(...result.questions)
    context.terminal.give(lineOf(result), () => describeImport(result))
    return result.outcome === 'draft'
  }
  if (!options.dryRun && options.questions === undefined) {
    return withClient(context, (client) =>
      importEach(context, files, answers, (result) => createDrafts(context, client, result, mark)),
    )
  }
  const exit = await importEach(context, files, answers, dryRun)
  if (options.questions !== undefined) await writeForm(context, options.questions, questions)
  return exit
}

/** @param take Returns whether the file came through. */
async function importEach(
  context: Context,
  files: readonly string[],
  answers: Answers,
  take: (result: ImportResult) => Promise<boolean>,
): Promise<ExitCode> {
  let stopped = 0
  for (const file of files) {
    const progress = showProgress(context.terminal, `reading ${plainText(file)}`)
    const result = await importFile(file, { answers, signal: context.signal, onProgress: progress.report })
    progress.end()
    if (!(await take(result))) stopped += 1
  }
  if (stopped === 0) return exitCodes.done
  return stopped === files.length ? exitCodes.failed : exitCodes.partlyDone
}

/** One file, as `import --json` gives it: the bodies, and every field that would leave the node with them. */
function lineOf({ file, format, outcome, code, detail, warnings, drafts, leaves, questions }: ImportResult) {
  const bodies = drafts.map(({ content }) => content)
  return { file, format, outcome, code, detail, warnings, drafts: bodies, leaves, questions }
}

async function createDrafts(context: Context, client: Client, result: ImportResult, mark: Marking): Promise<boolean> {
  const { terminal } = context
  const { file, outcome, code, detail, warnings } = result
  const name = plainText(file)
  const created: string[] = []
  if (outcome === 'refused') {
    if (terminal.json) terminal.give({ ...lineOf(result), created }, () => [])
    else terminal.talk(`${name}: refused (${code}): ${plainText(detail ?? '')}`)
    return false
  }
  if (!terminal.json) for (const each of warnings) terminal.talk(`${name}: ${each.code}: ${plainText(each.detail)}`)
  const failure = await createEach(context, client, result, mark, created)
  terminal.give({ ...lineOf(result), created }, () => created)
  if (!terminal.json)
    for (const id of created) terminal.talk(`${name}: draft ${id}; next: \`concordance publish ${id}\``)
  if (failure) terminal.fail(failure)
  return failure === undefined
}

/** @param created Gets the id of each draft at once, so that none is lost sight of when a later one fails. */
async function createEach(
  { signal }: Context,
  client: Client,
  { file, drafts }: ImportResult,
  mark: Marking,
  created: string[],
): Promise<Failure | undefined> {
  for (const { type, lang, content, origins, missing } of drafts) {
    const headers = { 'idempotency-key': randomUUID() }
    const body = { type, lang, mark, content, origins }
    try {
      created.push((await client.call(api.createDraft, { headers, body, signal })).id)
    } catch (error) {
      const code = (error as { code?: string }).code
      if (code === 'invalid' && missing.length > 0) return incomplete(file, missing)
      if (code === 'invalid' || code === 'statement-too-large') return failureOf(error, `create a draft of ${file}`)
      throw error
    }
  }
  return undefined
}

function incomplete(file: string, missing: readonly string[]): Failure {
  return new Failure({
    what: `could not create a draft of ${file}`,
    why: `the log does not say ${missing.join(' ')}`,
    remedy: `\`concordance import --questions answers.yaml ${file}\`; fill the file in, then add --answers answers.yaml`,
    code: 'INCOMPLETE',
  })
}

async function writeForm({ terminal }: Context, path: string, questions: readonly Question[]): Promise<void> {
  await writeFile(path, answersForm(questions), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? `${path} is there already` : `${path} cannot be written (${error.code})`
    throw new Failure({
      what: 'could not write the questions',
      why,
      remedy: 'name another file',
      code: error.code ?? 'EIO',
    })
  })
  terminal.talk(`the open questions stand in ${path}; fill it in, then import with --answers ${path}`)
}
