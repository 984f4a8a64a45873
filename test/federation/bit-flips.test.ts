import { randomUUID } from 'node:crypto'
import { requestToken } from '@concordance/client'
import { getSealedCheckpoint } from '@concordance/exchange'
import { emptyFrontier, rootOf, verifyConsistency, verifyInclusion, verifyRecordProof } from '@concordance/log'
import { api, decodeBase64url, encodeBase64url, parseEntryLine, parseTrailerLine } from '@concordance/protocol'
import t from 'tap'
import type { Mirror } from '../../packages/exchange/src/sync/mirror.ts'
import { SyncError } from '../../packages/exchange/src/sync/sync-error.ts'
import { type PageExpectation, verifyPage } from '../../packages/exchange/src/sync/verify-page.ts'
import { publish, round, startTestNetwork } from '../network/test-network.ts'
import { until } from '../network/until.ts'

const flipsEach = 400
const tokenFlips = 500
let flips = 0

const network = await startTestNetwork(t, ['nairobi', 'oslo'])
const nairobi = network.institute('nairobi')
const oslo = network.institute('oslo')
for (const seen of ['one', 'two', 'three', 'four']) await publish(nairobi, `Refusals in Kiswahili: ${seen}.`)
await until('everything is signed', async () => (await getSealedCheckpoint(nairobi.node.deps)).size === 5)
await round(oslo, nairobi)

const keyset = nairobi.node.deps.identity.keyset()
const { iss, origin } = nairobi.node.deps.identity
const keysets = new Map([[1, keyset]])
const nothing = { inForce: undefined, newest: undefined, rereadFrom: undefined }
const empty = { size: 0, staged: emptyFrontier, accessAt: 0, ...nothing }
const unread: Mirror = { log: 0, iss, origin, pin: nairobi.pin, state: 'following', keysets, ...empty }
const expectation: PageExpectation = {
  me: oslo.entityId,
  nowSeconds: Math.floor(Date.now() / 1_000) + 1,
  async getKeyset(seq) {
    const known = keysets.get(seq)
    if (!known) throw new SyncError('KEYSET_UNKNOWN', `there is no keyset ${seq}`)
    return known
  },
}
const page = await (await askAsOslo('/v1/log/entries?from=0&limit=1000')).text()
const { items } = await nairobi.client.call(api.listRecords, { query: { type: 'observation' } })
const proof = await nairobi.client.call(api.getRecordProof, { params: { id: items[0]?.recordId ?? '' } })

t.test('an altered page is never accepted', async (t) => {
  t.equal(await verdictOfPage(Buffer.from(page)), 'accepted', 'as it was sent')
  const random = randomOf('page')
  const accepted: number[] = []
  for (let index = 0; index < 3 * flipsEach; index++) {
    const { altered, bit } = flip(Buffer.from(page), random)
    if ((await verdictOfPage(altered)) === 'accepted') accepted.push(bit)
  }
  t.strictSame(accepted, [])
})

for (const part of ['statement', 'body', 'leaf', 'proof', 'checkpoint'] as const) {
  t.test(`a record with an altered ${part} is never accepted`, async (t) => {
    t.equal(verdictOfProof(proof), 'accepted', 'as it was exported')
    const random = randomOf(part)
    const accepted: number[] = []
    for (let index = 0; index < flipsEach; index++) {
      const { altered, bit } = flip(Buffer.from(proof[part] as string), random)
      if (verdictOfProof({ ...proof, [part]: altered.toString('utf8') }) === 'accepted') accepted.push(bit)
    }
    t.strictSame(accepted, [])
  })
}

t.test('an altered proof of inclusion or consistency is never accepted', async (t) => {
  const inclusion = await nairobi.client.call(api.proveInclusion, {
    query: { position: 2 },
  })
  const consistency = await nairobi.client.call(api.proveConsistency, { query: { from: 3 } })
  const leaf = decodeBase64url(inclusion.leaf)
  const head = { size: 5, root: decodeBase64url(inclusion.root) }
  const older = { size: 3, root: decodeBase64url(consistency.from.root) }
  const verifiers = [
    { hashes: inclusion.hashes, verify: (path: Uint8Array[]) => verifyInclusion(leaf, inclusion.position, path, head) },
    { hashes: consistency.hashes, verify: (path: Uint8Array[]) => verifyConsistency(older, head, path) },
  ]
  const random = randomOf('paths')
  for (const { hashes, verify } of verifiers) {
    const path = hashes.map((hash) => decodeBase64url(hash))
    t.equal(
      verdictOf(() => verify(path)),
      'accepted',
      'as it was given',
    )
    let accepted = 0
    for (let index = 0; index < flipsEach / 4; index++) {
      const at = Math.floor(random() * path.length)
      const altered = path.with(at, flip(Buffer.from(path[at] ?? []), random).altered)
      if (verdictOf(() => verify(altered)) === 'accepted') accepted++
    }
    t.equal(accepted, 0)
  }
})

t.test('an altered request token is refused with 401 and nothing else', async (t) => {
  const target = '/v1/log/entries?from=0&limit=1'
  t.equal((await askAsOslo(target)).status, 200, 'as it was signed')
  const random = randomOf('token')
  const statuses = new Map<number, number>()
  for (let index = 0; index < tokenFlips; index++) {
    const { status } = await askAsOslo(target, (token) => asHeader(flip(Buffer.from(token), random).altered))
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  t.strictSame([...statuses], [[401, tokenFlips]])
  t.equal((await askAsOslo(target)).status, 200, 'and the honest one is still answered')
})

t.test('there were more than 2,000 flips', async (t) => {
  t.comment(`${flips} bits flipped, none accepted`)
  t.ok(flips >= 2_000)
})

/** A request of oslo's node to nairobi's, with its token changed on the way. */
async function askAsOslo(target: string, change: (token: string) => string = (token) => token): Promise<Response> {
  const { signers, now, random } = oslo.node.deps
  const authorize = requestToken({ iss: oslo.entityId, aud: iss, signer: signers.request, now, random })
  const { authorization = '' } = await authorize({ method: 'GET', target, body: new Uint8Array(0) })
  const [scheme, token = ''] = authorization.split(' ')
  const headers = { authorization: `${scheme} ${change(token)}`, 'x-request-id': randomUUID() }
  return fetch(nairobi.node.url + target, { headers })
}

/** What oslo's node checks of a first page before it stores anything. */
async function verdictOfPage(bytes: Buffer): Promise<string> {
  return verdictOfAsync(async () => {
    const lines = bytes.toString('utf8').split('\n')
    if (lines.pop() !== '') throw new SyncError('PAGE', 'the page ends in the middle of a line')
    const trailer = parseTrailerLine(lines.pop() ?? '')
    const received = { entries: lines.map(parseEntryLine), trailer, bytes: bytes.length }
    const { frontier, checkpoint } = await verifyPage(unread, received, expectation)
    const isRoot = frontier.size === checkpoint.size && encodeBase64url(rootOf(frontier)) === checkpoint.root
    if (!isRoot) throw new SyncError('ROOT_MISMATCH', 'the entries do not give the signed root')
  })
}

function verdictOfProof(value: unknown): string {
  return verdictOf(() => verifyRecordProof(value, nairobi.pin))
}

/** The code of a refusal; an error without one is a crash, and is thrown on. */
function verdictOf(call: () => unknown): string {
  try {
    call()
    return 'accepted'
  } catch (error) {
    return codeOf(error)
  }
}

async function verdictOfAsync(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'accepted'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') throw error
  return code
}

function flip(bytes: Buffer, random: () => number): { altered: Buffer; bit: number } {
  flips++
  const bit = Math.floor(random() * bytes.length * 8)
  const altered = Buffer.from(bytes)
  altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return { altered, bit }
}

/** What a header can carry: bytes as Latin-1, and in place of those no client sends, one that no token holds. */
function asHeader(bytes: Buffer): string {
  return [...bytes.toString('latin1')].map((sign) => (sign > ' ' && sign !== '\x7f' ? sign : '!')).join('')
}

/** Numbers from 0 to 1 that follow from a label (mulberry32). */
function randomOf(label: string): () => number {
  let state = [...label].reduce((sum, sign) => (Math.imul(sum, 31) + sign.charCodeAt(0)) | 0, 7)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
