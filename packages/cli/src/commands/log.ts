import { parseCheckpointUnsafe } from '@concordance/log'
import { api } from '@concordance/protocol'
import { plainLines } from '@concordance/protocol/plain-text'
import { confirm } from '../ask.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

export async function showCheckpoint(context: Context, options: { readonly note?: boolean }): Promise<void> {
  const { terminal, signal } = context
  const { checkpoint, note } = await withClient(context, (client) => client.call(api.getCheckpoint, { signal }))
  if (options.note && note === undefined) throw noNote()
  const value = { ...parseCheckpointUnsafe(checkpoint).checkpoint, checkpoint, note }
  terminal.give(value, () =>
    options.note
      ? plainLines(note ?? '')
          .trimEnd()
          .split('\n')
      : describe(checkpoint),
  )
}

/** What the node says of its own log; `verify` believes nothing. */
function describe(compact: string): string[] {
  const { iss, origin, size, root, iat } = parseCheckpointUnsafe(compact).checkpoint
  return [
    `size    ${size}`,
    `root    ${root}`,
    `signed  ${new Date(iat * 1000).toISOString()}`,
    `log     ${origin} of ${iss}`,
  ]
}

function noNote(): Failure {
  return new Failure({
    what: 'could not show the note',
    why: 'this log is signed with ES256, for which there are no C2SP notes',
    remedy: 'use the checkpoint without --note',
    code: 'NO_NOTE',
    exit: exitCodes.notFound,
  })
}

export async function verifyLog(context: Context): Promise<ExitCode> {
  const { terminal, signal } = context
  const timeoutMs = 600_000 // reads every byte of the log
  const check = await withClient(context, (client) => client.call(api.verifyLog, { signal, timeoutMs }))
  const { ok, size, root, problems } = check
  terminal.give(check, () => [
    ok ? `ok: ${size} entries lead to the signed root ${root}` : `NOT ok: ${size} entries, root ${root}`,
    ...problems.map(({ code, position }) => `  ${code}${position === undefined ? '' : ` at position ${position}`}`),
  ])
  if (!ok)
    terminal.talk('stop publishing, keep this database as it is, and restore from a backup: see docs/operations.md')
  return ok ? exitCodes.done : exitCodes.verificationFailed
}

export interface ConfirmOptions {
  readonly size: number
  readonly reason: string
  readonly yes?: boolean
}

export async function confirmLog(context: Context, { size, reason, yes }: ConfirmOptions): Promise<void> {
  const { terminal, signal } = context
  terminal.talk(`Publishing will go on from a log of ${size} entries. If a newer database exists, your institute signs`)
  terminal.talk('two histories, and every peer will stop trusting it. This cannot be undone.')
  await confirm(context, `size-${size}`, yes ? { yes } : {})
  await withClient(context, (client) => client.call(api.confirmLog, { body: { size, reason }, signal }))
  terminal.give({ confirmed: true, size }, () => [`confirmed at ${size} entries; publishing is open again`])
}
