import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from './context.ts'
import { Failure, usageFailure } from './failure.ts'

/**
 * Lets the person at the terminal change a text in their editor (VISUAL, EDITOR, else vi) and hands it to `use`. Where
 * that fails the text is not lost: its file stays, and is named.
 */
export async function editText<T>(context: Context, text: string, use: (edited: string) => Promise<T>): Promise<T> {
  const { env, terminal } = context
  if (!process.stdin.isTTY || !terminal.isInteractive) {
    throw usageFailure('there is no terminal to edit in', 'use --set /content/FIELD=VALUE, or --file FILE')
  }
  const folder = mkdtempSync(join(tmpdir(), 'concordance-'))
  const path = join(folder, 'draft.yaml')
  writeFileSync(path, text, { mode: 0o600 })
  try {
    openEditor(env.VISUAL || env.EDITOR || 'vi', path)
    const used = await use(readFileSync(path, 'utf8'))
    rmSync(folder, { recursive: true })
    return used
  } catch (error) {
    terminal.talk(`your text stands in ${path}; go on with --file ${path}`)
    throw error
  }
}

function openEditor(editor: string, path: string): void {
  const { status } = spawnSync('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' })
  if (status === 0) return
  const remedy = 'set EDITOR to an editor that is installed'
  throw new Failure({ what: 'could not change the draft', why: `${editor} failed`, remedy, code: 'EDITOR' })
}
