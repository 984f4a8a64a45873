import {
  emptyFrontier,
  extendFrontier,
  formatTlogProof,
  type RecordProof,
  rootOf,
  signCheckpoint,
  signNote,
} from '@concordance/log'
import {
  createLocalSigner,
  encodeBase64url,
  encodeBody,
  generatePrivateJwk,
  leafHashOf,
  leafInputOf,
  originOf,
  publicJwkOf,
  signKeyset,
  signStatement,
  thumbprint,
} from '@concordance/protocol'

const iat = 1_767_000_000
const anyHash = 'A'.repeat(43)

/** An institute with keys of its own that signs what a test wants. */
export async function createInstitute(iss = 'https://origin.example') {
  const origin = originOf(iss)
  const [root, record, log, request] = [1, 2, 3, 4].map(() => generatePrivateJwk('Ed25519')) as Jwks
  const purposes = { record, log, request } as const
  const keys = (['record', 'log', 'request'] as const).map((purpose) => ({
    jwk: publicJwkOf(purposes[purpose]),
    purpose,
    from: 0,
  }))
  const document = { v: 1, iss, origin, seq: 1, iat, keys, roots: [publicJwkOf(root)] } as const
  const keyset = await signKeyset({ ...document, keys, roots: [...document.roots] }, createLocalSigner(root))
  const logSigner = createLocalSigner(log)
  const checkpointOf = (size: number, rootHash: string, at = iat) =>
    signCheckpoint({ v: 1, iss, origin, size, root: rootHash, iat: at, keyset: 1 }, logSigner)

  /** The proof of one observation that is alone in its log. */
  async function proveObservation(seen: string): Promise<{ proof: RecordProof; recordId: string }> {
    const content = { seen: { en: seen }, country: 'ZZ', sector: 'health', howOften: 'once', wish: { en: 'none' } }
    const body = encodeBody('observation', content, { iss, salt: anyHash })
    const signed = await signStatement(
      {
        v: 1,
        iss,
        log: origin,
        type: 'observation',
        finding: '01890a5d-ac96-774b-bcce-b302099a8057',
        version: 1,
        iat,
        nonce: 'A'.repeat(22),
        mark: { tlp: 'CLEAR', relay: 'any' },
        rel: [],
        lang: 'en',
        body: { digest: body.digest, size: body.size, type: body.mediaType },
      },
      createLocalSigner(record),
    )
    const leaf = leafHashOf(leafInputOf(signed.recordId))
    const head = rootOf(extendFrontier(emptyFrontier, [leaf]))
    const note = await signNote({ origin, size: 1, root: head }, logSigner, publicJwkOf(log))
    const proof: RecordProof = {
      v: 1,
      kind: 'record-proof',
      keysets: [keyset],
      statement: signed.compact,
      body: body.text,
      position: 0,
      leaf: encodeBase64url(leaf),
      proof: formatTlogProof({ index: 0, hashes: [], note }),
      checkpoint: await checkpointOf(1, encodeBase64url(head)),
    }
    return { proof, recordId: signed.recordId }
  }

  /** Evidence that it signed two roots for one size; none if the roots are equal. */
  async function contradictItself(otherRoot = 'E'.repeat(43)) {
    const checkpoints = [await checkpointOf(5, anyHash), await checkpointOf(5, otherRoot)]
    return { v: 1, kind: 'two-roots', iss, origin, keysets: [keyset], checkpoints }
  }

  return { iss, pin: thumbprint(publicJwkOf(root)), proveObservation, contradictItself }
}

type Jwk = ReturnType<typeof generatePrivateJwk>
type Jwks = [root: Jwk, record: Jwk, log: Jwk, request: Jwk]
