/**
 * Text with every command in it, in backquotes, the way the reader can type it: where this command was started
 * by npm in a checkout, there is none of that name.
 */
export function spellCommands(text: string, env: Readonly<Record<string, string | undefined>>): string {
  if (env.npm_lifecycle_event !== 'concordance') return text
  return text.replaceAll('`concordance ', '`npm run -s concordance -- ')
}
