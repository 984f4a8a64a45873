import { type Keyset, ProtocolError, verifyKeyset } from '@concordance/protocol'

/**
 * Verifies keyset documents one after another, the first by the pinned root, and returns the newest. Old keys stay
 * listed in it, with the last position they were good for: it judges everything the institute ever signed.
 *
 * @throws {ProtocolError} `KEYSET` for an empty chain, and the codes of `verifyKeyset`.
 */
export function verifyKeysetChain(documents: readonly string[], trust: { iss: string; pin: string }): Keyset {
  const newest = listVerifiedKeysets(documents, trust).at(-1)
  if (!newest) throw new ProtocolError('KEYSET', 'an empty chain of keyset documents')
  return newest
}

/** Every link of the chain, verified as `verifyKeysetChain` does. */
export function listVerifiedKeysets(
  documents: readonly string[],
  { iss, pin }: { iss: string; pin: string },
): Keyset[] {
  const chain: Keyset[] = []
  for (const document of documents) {
    const previous = chain.at(-1)
    chain.push(verifyKeyset(document, previous ? { iss, pin, previous } : { iss, pin }))
  }
  return chain
}
