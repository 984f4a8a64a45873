import { plainJson, plainText } from '@concordance/protocol/plain-text'
import type { Failure } from './failure.ts'
import { type Spelling, spellCommands } from './spell-commands.ts'
import { cutToWidth, textWidth } from './text-width.ts'

/** Where the command speaks: data to stdout, everything else to stderr. */
export interface Terminal {
  /** Data is given as JSON, one value a line. */
  readonly json: boolean
  /** Whether a person reads stdout, and not a file or another program. */
  readonly isInteractive: boolean
  /** One value of data: as JSON, or in words, where the caller has made the text of others plain. */
  give(value: unknown, words: () => readonly string[]): void
  /** Values of data: as JSON, one a line, or as rows: an aligned table for people, tab-separated for programs. */
  giveList<T>(items: readonly T[], list: List<T>): void
  /** A line of talk: what happens, hints, empty states. Commands in backquotes are spelt as they have to be typed. */
  talk(line: string): void
  /** A line of talk that a person redraws in place; elsewhere nothing. */
  status(line: string): void
  fail(failure: Failure): void
  /** `text` in bold, where colours are wanted. */
  bold(text: string): string
}

export interface List<T> {
  readonly columns: readonly string[]
  readonly row: (item: T) => readonly string[]
  /** Said where there is nothing: what to do next. */
  readonly empty: string
}

export type TerminalOptions = Spelling

type Stream = NodeJS.WriteStream & { readonly isTTY?: boolean }

export function openTerminal(
  { env, global }: TerminalOptions,
  stdout: Stream = process.stdout,
  stderr: Stream = process.stderr,
): Terminal {
  const json = global.json === true
  const isInteractive = stdout.isTTY === true
  const redraws = stderr.isTTY === true && env.TERM !== 'dumb' && !env.CONCORDANCE_ACCESSIBLE
  const colours = env.CLICOLOR_FORCE ? true : redraws && !env.NO_COLOR
  const linesOfTable = (columns: readonly string[], rows: readonly (readonly string[])[]) =>
    isInteractive ? alignTable(columns, rows, stdout.columns || 80) : rows.map(joinCells)
  const spell = (text: string) => spellCommands(text, { env, global })
  let isStatusShown = false
  const clearStatus = () => {
    if (isStatusShown) stderr.write('\r\u001b[2K')
    isStatusShown = false
  }
  const write = (stream: Stream, line: string) => {
    clearStatus()
    stream.write(`${line}\n`)
  }
  return {
    json,
    isInteractive,
    give: (value, words) => {
      for (const line of json ? [plainJson(value)] : words()) write(stdout, line)
    },
    giveList: (items, { columns, row, empty }) => {
      if (items.length === 0) write(stderr, spell(empty))
      else
        for (const line of json ? items.map((item) => plainJson(item)) : linesOfTable(columns, items.map(row)))
          write(stdout, line)
    },
    talk: (line) => write(stderr, spell(line)),
    status: (line) => {
      if (!redraws) return
      clearStatus()
      stderr.write(cutToWidth(line, (stderr.columns || 80) - 1))
      isStatusShown = true
    },
    fail: ({ what, why, remedy, code, exit }) => {
      const said = { code, what, why: spell(why), remedy: spell(remedy), exit }
      write(stderr, json ? plainJson(said) : linesOf(said).join('\n'))
    },
    bold: (text) => (colours ? `\u001b[1m${text}\u001b[22m` : text),
  }
}

function linesOf({ what, why, remedy }: Pick<Failure, 'what' | 'why' | 'remedy'>): string[] {
  return [plainText(what), `  why: ${plainText(why)}`, `  do:  ${plainText(remedy)}`]
}

function joinCells(row: readonly string[]): string {
  return row.map(plainText).join('\t')
}

/** The last column takes what is left of the width; it holds the text of others, which may run from right to left. */
function alignTable(columns: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const cells = [columns.map((column) => column.toUpperCase()), ...rows.map((row) => row.map(plainText))]
  const last = columns.length - 1
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => textWidth(row[index] ?? ''))))
  const taken = widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0)
  return cells.map((row) => {
    const padded = row.slice(0, last).map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - textWidth(cell)))
    return [...padded, cutToWidth(row[last] ?? '', Math.max(20, width - taken))].join('  ').trimEnd()
  })
}
