import { plainText } from '@concordance/protocol/plain-text'
import { addressOf } from '../connection.ts'
import { type Context, dataDirOf } from '../context.ts'
import { checkFolder } from '../doctor/check-folder.ts'
import { checkNode } from '../doctor/check-node.ts'
import type { Finding } from '../doctor/finding.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { findNodeFile } from '../node-file.ts'
import { spellCommands } from '../spell-commands.ts'

/** Every check on its own: one that fails hides no other. Ends with `failed` if one did. */
export async function doctor(context: Context): Promise<ExitCode> {
  const { global, env, terminal } = context
  const isElsewhere = (global.url ?? env.CONCORDANCE_URL) !== undefined && !findNodeFile(dataDirOf(context))
  const local = isElsewhere ? [] : await checkFolder(context)
  const isConfigured = isElsewhere || findNodeFile(dataDirOf(context)) !== undefined
  const findings = isConfigured ? [...local, ...(await checkNode(context, addressOf(context)))] : local
  for (const { remedy, ...finding } of findings) {
    const said = { ...finding, ...(remedy !== undefined && { remedy: spellCommands(remedy, context) }) }
    terminal.give(said, () => describe(said))
  }
  return findings.some(({ state }) => state === 'fail') ? exitCodes.failed : exitCodes.done
}

function describe({ state, check, detail, remedy }: Finding): string[] {
  const first = `${state.toUpperCase().padEnd(4)}  ${check}: ${plainText(detail)}`
  return remedy === undefined ? [first] : [first, `      do: ${plainText(remedy)}`]
}
