import { type Keyset, ProtocolError, verifyKeyset } from '@concordance/protocol'

/**
 * Verifies keyset documents one after another, the first by the pinned root, and returns the newest. Old keys stay
 * listed in it, with the last position they were good for: it judges everything the institute ever signed.
 *
 * @throws {ProtocolError} `KEYSET` for an empty chain, and the codes of `verifyKeyset`.
 */
export function verifyKeysetChain(documents: readonly string[], { iss, pin }: { iss: string; pin: string }): Keyset {
  let newest: Keyset | undefined
  for (const document of documents) newest = verifyKeyset(document, { iss, pin, ...(newest && { previous: newest }) })
  if (!newest) throw new ProtocolError('KEYSET', 'an empty chain of keyset documents')
  return newest
}
