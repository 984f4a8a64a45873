import { hash } from 'node:crypto'
import { canonicalize } from '../canonical-json.ts'

/** What a sealed subject keeps to itself. */
export interface SubjectName {
  readonly developer?: string
  readonly name: string
  readonly version: string
}

/** A subject that is named by a pseudonym, and bound to its name by a commitment. */
export interface SealedSubject {
  readonly pseudonym: string
  /** See `commitSubject`. */
  readonly commitment: string
}

/** A subject by its name, with what shows that an earlier version sealed this one. */
export interface OpenedSubject extends SubjectName {
  readonly unsealed: { readonly pseudonym: string; readonly salt: string }
}

/**
 * Binds to a name without telling it: SHA-256 over the canonical JSON of `{developer?, name, version, salt}`, base64url.
 *
 * @param salt 32 random bytes, base64url: without it the commitment of a guessable name could be guessed.
 */
export function commitSubject({ developer, name, version }: SubjectName, salt: string): string {
  const named = { ...(developer !== undefined && { developer }), name, version, salt }
  return hash('sha256', canonicalize(named), 'base64url')
}

/** Whether an opened subject is the one that was sealed. */
export function opensSubject(sealed: SealedSubject, opened: OpenedSubject): boolean {
  const { pseudonym, salt } = opened.unsealed
  return pseudonym === sealed.pseudonym && commitSubject(opened, salt) === sealed.commitment
}

/**
 * What earlier versions of a finding say to a version that opens its subject. Where none that sealed this pseudonym is at
 * hand, nothing is known.
 */
export function judgeOpening(
  opened: OpenedSubject,
  earlier: readonly SealedSubject[],
): 'proven' | 'contradicted' | 'unknown' {
  const sealed = earlier.filter(({ pseudonym }) => pseudonym === opened.unsealed.pseudonym)
  if (sealed.length === 0) return 'unknown'
  return sealed.every((each) => opensSubject(each, opened)) ? 'proven' : 'contradicted'
}
