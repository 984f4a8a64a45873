import { writeFile } from 'node:fs/promises'
import { api } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { Failure, usageFailure } from '../failure.ts'
import { requireRecordId } from '../ids.ts'

export interface ExportOptions {
  readonly proof?: boolean
  readonly output?: string
}

/** The exact body, or the proof. Never made readable: what is exported is what was signed. */
export async function exportRecord(context: Context, id: string, options: ExportOptions): Promise<void> {
  requireRecordId(id)
  const call = { params: { id }, signal: context.signal }
  const text = await withClient(context, async (client) =>
    options.proof ? JSON.stringify(await client.call(api.getRecordProof, call)) : client.call(api.getRecordBody, call),
  )
  await giveText(context, text, options.output)
  if (options.proof && options.output !== undefined) {
    context.terminal.talk(
      `check it anywhere, without this node: \`concordance verify ${options.output} --pin THUMBPRINT-OF-ITS-ROOT-KEY\``,
    )
  }
}

/**
 * Text of signed things goes unchanged to a file or another program. It is JSON without raw control characters, but
 * a terminal could still be misled by it.
 */
export async function giveText({ terminal }: Context, text: string, output: string | undefined): Promise<void> {
  if (output === undefined) {
    if (terminal.isInteractive)
      throw usageFailure('exact bytes are not for a terminal', 'pass --output FILE, or use a pipe')
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    return
  }
  await writeFile(output, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? `${output} is there already` : `${output} cannot be written (${error.code})`
    throw new Failure(
      { what: 'could not export', why, remedy: 'name another file', code: error.code ?? 'EIO' },
      { cause: error },
    )
  })
  terminal.talk(`written to ${output}`)
}
