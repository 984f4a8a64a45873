import type { Context } from './context.ts'

/** What decides how a command is typed. */
export type Spelling = Pick<Context, 'env' | 'global'>

/**
 * Text with every command in it, in backquotes, the way the reader can type it: through npm where this command was started
 * by npm in a checkout, and for the node that this command line named. Without its token: what comes next is often
 * somebody else's to do.
 */
export function spellCommands(text: string, { env, global }: Spelling): string {
  const program = env.npm_lifecycle_event === 'concordance' ? 'npm run -s concordance --' : 'concordance'
  const named = [
    ['--data', global.data],
    ['--url', global.url],
  ] as const
  return text.replaceAll(/`concordance ([^`]*)`/g, (_, rest: string) => {
    const repeated = named.flatMap(([option, value]) => {
      const isNamed = value === undefined || rest.includes(`${option} `)
      return isNamed || (option === '--url' && ofFolder.test(rest)) ? [] : [`${option} ${quote(value)} `]
    })
    return `\`${program} ${repeated.join('')}${rest}\``
  })
}

/** What is done where the node runs, to its data folder. */
const ofFolder = /^(init|serve|migrate|token new)\b/

function quote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
