import {
  type GateContext,
  type GatedEntry,
  gateEntries,
  recordIdOf,
  type Signer,
  type Statement,
  signCompact,
  type WireEntry,
} from '../../src/index.ts'
import { createInstitute, leafOf, logOf } from './institute.ts'
import { verdictOfAsync } from './refusal.ts'

/** An institute with a log of four honest entries, and one that the gate knows nothing of. */
export const institute = await createInstitute()
export const log = await logOf(institute, 4)
export const stranger = await createInstitute('b.example')

export function gate(entries: readonly WireEntry[], context: GateContext = institute.context(), from = 0) {
  return gateEntries(context, entries, from)
}

/** `accepted`, or the code of the refusal. */
export function verdict(entries: readonly WireEntry[], context?: GateContext, from?: number) {
  return verdictOfAsync(() => gate(entries, context, from))
}

/** The honest log with one entry replaced. */
export function withAt(position: number, entry: WireEntry): WireEntry[] {
  return log.with(position, entry)
}

/** What the gate makes of one entry behind an honest beginning. */
export async function gated(entry: WireEntry): Promise<GatedEntry | undefined> {
  return (await gate([...log.slice(0, entry.position), entry])).at(-1)
}

/** An entry whose signed payload is anything at all. */
export async function entryOf(
  position: number,
  payload: object,
  signer: Signer = institute.signers.record,
  body?: string,
): Promise<WireEntry> {
  const statement = await signCompact('concordance-record+jwt', JSON.parse(JSON.stringify(payload)), signer)
  const leaf = leafOf(recordIdOf(statement))
  return body === undefined
    ? { position, leaf, state: 'statement', statement }
    : { position, leaf, state: 'open', statement, body }
}

export function payloadOf(entry: WireEntry | undefined): Statement {
  return JSON.parse(Buffer.from(entry?.statement?.split('.')[1] ?? '', 'base64url').toString())
}

export function at(position: number): WireEntry {
  const entry = log[position]
  if (entry === undefined) throw new Error('beyond the log')
  return entry
}
