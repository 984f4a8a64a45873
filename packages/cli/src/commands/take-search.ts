import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Client } from '@concordance/client'
import { api } from '@concordance/protocol'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { AskedSearch } from './search.ts'

export interface TakeOptions {
  readonly format: 'csv' | 'jsonl'
  readonly output?: string
}

/** As long as the node takes for a whole file, and a little more. */
const timeoutMs = 310_000
/** Longer than the last line, which says how far the file is the whole answer. */
const tailBytes = 65_536

/**
 * Everything that matches, as the node writes it, piece by piece. Both forms hold nothing that acts on a terminal.
 *
 * @returns `partlyDone` where the node cut it.
 * @throws {Failure} where it broke off before its last line.
 */
export async function takeSearch(
  context: Context,
  client: Client,
  { filters, sort }: AskedSearch,
  { format, output }: TakeOptions,
): Promise<ExitCode> {
  const { signal, terminal } = context
  const query = { ...filters, format, ...(sort && { sort }) }
  // What was written cannot be taken back, so nothing is tried twice.
  const call = { query, signal, timeoutMs, retries: 0 }
  const tail = await client.stream(api.exportSearch, call, async ({ chunks }) => {
    const sink = await openSink(output)
    let last = Buffer.alloc(0)
    for await (const chunk of chunks) {
      await sink.write(chunk)
      last = Buffer.concat([last, chunk]).subarray(-tailBytes)
    }
    await sink.end()
    return last.toString('utf8')
  })
  const isCut = readEnd(format, tail) === 'cut'
  if (isCut) terminal.talk('the node cut the file, since more match than it may hold: narrow the search for the rest')
  if (output !== undefined) terminal.talk(`written to ${output}; its last line says how it is marked as a whole`)
  return isCut ? exitCodes.partlyDone : exitCodes.done
}

interface Sink {
  write(chunk: Uint8Array): Promise<void>
  end(): Promise<void>
}

async function openSink(output: string | undefined): Promise<Sink> {
  const stream = output === undefined ? process.stdout : createWriteStream(output, { flags: 'wx' })
  if (output !== undefined) await once(stream, 'open').catch((error) => Promise.reject(unwritable(output, error)))
  return {
    write: async (chunk) => {
      if (!stream.write(chunk)) await once(stream, 'drain')
    },
    end: async () => {
      if (output === undefined) return
      stream.end()
      await once(stream, 'close')
    },
  }
}

function unwritable(output: string, cause: NodeJS.ErrnoException): Failure {
  const { code = 'EIO' } = cause
  const why = code === 'EEXIST' ? `${output} is there already` : `${output} cannot be written (${code})`
  return new Failure({ what: 'could not take the search along', why, remedy: 'name another file', code }, { cause })
}

function readEnd(format: TakeOptions['format'], tail: string): 'whole' | 'cut' {
  const last = tail.trimEnd().split('\n').at(-1) ?? ''
  if (format === 'csv' && last.startsWith('"end",')) return last.includes('"cut after ') ? 'cut' : 'whole'
  if (format === 'jsonl' && last.startsWith('{"end":')) return last.includes('"complete":false') ? 'cut' : 'whole'
  throw new Failure({
    what: 'could not take the whole search along',
    why: 'the node broke off before the last line',
    remedy: 'throw away what was written, and run the same command again',
    code: 'BROKEN_OFF',
  })
}
