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
import t from 'tap'
import { createClient, verifiedRecord } from '../src/index.ts'
import { answering, serve, type Test } from './support/serve.ts'

const iss = 'https://origin.example'
const origin = originOf(iss)
const iat = 1_767_000_000
const [root, record, log, request] = [0, 1, 2, 3].map(() => generatePrivateJwk('Ed25519'))
if (!root || !record || !log || !request) throw new Error('four keys')
const trust = { iss, pin: thumbprint(publicJwkOf(root)) }

/** The proof of one record, alone in its log. */
async function proveOne(seen: string): Promise<{ proof: RecordProof; recordId: string }> {
  if (!root || !record || !log || !request) throw new Error('four keys')
  const keys = (['record', 'log', 'request'] as const).map((purpose, index) => ({
    jwk: publicJwkOf([record, log, request][index] as typeof record),
    purpose,
    from: 0,
  }))
  const keyset = await signKeyset(
    { v: 1, iss, origin, seq: 1, iat, keys, roots: [publicJwkOf(root)] },
    createLocalSigner(root),
  )
  const content = { seen: { en: seen }, country: 'ZZ', sector: 'health', howOften: 'once', wish: { en: 'none' } }
  const body = encodeBody('observation', content, { iss, salt: 'A'.repeat(43) })
  const statement = {
    v: 1, iss, log: origin, type: 'observation', finding: '01890a5d-ac96-774b-bcce-b302099a8057', version: 1, iat,
    nonce: 'A'.repeat(22), mark: { tlp: 'CLEAR', relay: 'any' }, rel: [], lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
  } as const // biome-ignore format: a table
  const signed = await signStatement(statement, createLocalSigner(record))
  const leaf = leafHashOf(leafInputOf(signed.recordId))
  const head = rootOf(extendFrontier(emptyFrontier, [leaf]))
  const signer = createLocalSigner(log)
  const note = await signNote({ origin, size: 1, root: head }, signer, publicJwkOf(log))
  const proof: RecordProof = {
    v: 1, kind: 'record-proof', keysets: [keyset], statement: signed.compact, body: body.text, position: 0,
    leaf: encodeBase64url(leaf), proof: formatTlogProof({ index: 0, hashes: [], note }),
    checkpoint: await signCheckpoint({ v: 1, iss, origin, size: 1, root: encodeBase64url(head), iat, keyset: 1 }, signer),
  } // biome-ignore format: a table
  return { proof, recordId: signed.recordId }
}

async function clientOf(t: Test, proof: RecordProof) {
  const client = createClient({ baseUrl: await serve(t, answering(proof)) })
  t.teardown(() => client.close())
  return client
}

t.test('a record that a node shows', async (t) => {
  const { proof, recordId } = await proveOne('a thing')
  const other = await proveOne('another thing')
  const from = (shown: RecordProof) => clientOf(t, shown)

  const verified = await verifiedRecord(await from(proof), recordId, trust)
  t.same(verified.body?.seen, { en: 'a thing' }, 'is believed when its proof holds under the pin')
  t.equal(verified.checkpoint.size, 1)

  await t.rejects(
    verifiedRecord(await from(other.proof), recordId, trust),
    { code: 'ANSWER_MALFORMED' },
    'is refused when it is another one',
  )
  await t.rejects(
    verifiedRecord(await from(proof), recordId, { ...trust, iss: 'https://other.example' }),
    { code: 'ANSWER_MALFORMED' },
    'is refused when it is of another institute',
  )
  await t.rejects(
    verifiedRecord(await from(proof), recordId, {
      ...trust,
      pin: thumbprint(publicJwkOf(generatePrivateJwk('Ed25519'))),
    }),
    { code: 'PIN_MISMATCH' },
    'is refused under another pin',
  )
  await t.rejects(
    verifiedRecord(await from({ ...proof, body: other.proof.body }), recordId, trust),
    { code: 'DIGEST_MISMATCH' },
    'is refused with another body',
  )
})
