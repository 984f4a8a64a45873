import { usageFailure } from './failure.ts'

/** @throws {Failure} as a wrong command line. */
export function requireRecordId(text: string): void {
  if (isDigest(text)) return
  throw usageFailure(`${text} is not a record id`, 'give its 43 characters; `concordance list` shows them')
}

/** Id of a draft, a finding or a person. @throws {Failure} as a wrong command line. */
export function requireUuid(text: string, what: keyof typeof shownBy): void {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return
  const where = `\`${shownBy[what]}\` shows it`
  throw usageFailure(`${text} is not the id of a ${what}`, `give it as 01890a5d-ac96-774b-bcce-b302099a8057; ${where}`)
}

const shownBy = {
  draft: 'concordance draft list',
  finding: 'concordance show RECORD',
  person: 'concordance people list',
} as const

/** SHA-256 as base64url: a record id, or the thumbprint of a key (RFC 7638). */
export function isDigest(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}
