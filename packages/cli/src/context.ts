import type { Terminal } from './terminal.ts'

/** The options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly data?: string
}

/** What a command works with. */
export interface Context {
  readonly terminal: Terminal
  readonly global: GlobalOptions
  readonly env: Readonly<Record<string, string | undefined>>
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal
}

/** The data folder of the node: `--data`, CONCORDANCE_DATA, or `.data/node` below the current folder. */
export function dataDirOf({ global, env }: Context): string {
  return global.data ?? env.CONCORDANCE_DATA ?? '.data/node'
}
