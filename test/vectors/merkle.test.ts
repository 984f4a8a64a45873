import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { emptyFrontier, extendFrontier, LogError, rootOf, verifyConsistency, verifyInclusion } from '@concordance/log'
import t from 'tap'

interface InclusionCase {
  readonly file: string
  readonly leafIdx: number
  readonly treeSize: number
  readonly root: string
  readonly leafHash: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

interface ConsistencyCase {
  readonly file: string
  readonly size1: number
  readonly size2: number
  readonly root1: string
  readonly root2: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

interface SizeZeroCase {
  readonly file: string
  readonly origin: 'accept' | 'refuse'
  readonly here: 'accept' | 'refuse'
}

t.test('inclusion proofs are accepted and refused as transparency-dev/merkle expects', async (t) => {
  const { cases } = load<{ cases: InclusionCase[] }>('inclusion')
  for (const { file, leafIdx, treeSize, root, leafHash, proof, wantErr } of cases) {
    const tree = { size: treeSize, root: bytes(root) }
    const accepted = isAccepted(() => verifyInclusion(bytes(leafHash), leafIdx, list(proof), tree))
    t.equal(accepted, !wantErr, file)
  }
  const valid = cases.filter(({ wantErr }) => !wantErr).length
  t.equal(cases.length, 98)
  t.equal(valid, 6)
  t.comment(`inclusion: ${cases.length} vectors, ${valid} to accept, ${cases.length - valid} to refuse`)
})

t.test('consistency proofs are accepted and refused as expected, but for the table about size 0', async (t) => {
  const { cases } = load<{ cases: ConsistencyCase[] }>('consistency')
  const table = load<{ cases: SizeZeroCase[] }>('size-zero').cases
  const known = new Map(table.map((row) => [row.file, row]))
  let agreed = 0
  for (const { file, size1, size2, root1, root2, proof, wantErr } of cases) {
    const [from, to] = [
      { size: size1, root: bytes(root1) },
      { size: size2, root: bytes(root2) },
    ]
    const answer = isAccepted(() => verifyConsistency(from, to, list(proof))) ? 'accept' : 'refuse'
    const origin = wantErr ? 'refuse' : 'accept'
    t.equal(answer, known.get(file)?.here ?? origin, file)
    if (answer === origin) agreed++
  }
  t.equal(cases.length, 98)
  t.equal(agreed, 97)
  t.equal(table.filter(({ file }) => cases.some((one) => one.file === file)).length, 3)
  t.comment(
    `consistency: ${cases.length} vectors, ${agreed} answered as their origin does, the table explains the rest`,
  )
})

t.test('roots of the trees of 0 to 8 leaves are those of RFC 6962 implementations', async (t) => {
  const vectors = load<{ leaf_inputs_hex: string[]; root_hex_by_size: string[] }>('rfc6962-roots')
  const leaves = vectors.leaf_inputs_hex.map((hex) => hash('sha256', Buffer.from(`00${hex}`, 'hex'), 'buffer'))
  for (const [size, root] of vectors.root_hex_by_size.entries()) {
    t.equal(Buffer.from(rootOf(extendFrontier(emptyFrontier, leaves.slice(0, size)))).toString('hex'), root)
  }
  t.equal(vectors.root_hex_by_size.length, 9)
  t.comment(`roots: ${vectors.root_hex_by_size.length}`)
})

function load<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`merkle/${name}.json`, import.meta.url), 'utf8'))
}

function isAccepted(verify: () => void): boolean {
  try {
    verify()
    return true
  } catch (error) {
    if (error instanceof LogError) return false
    throw error
  }
}

function list(proof: readonly string[] | null): Buffer[] {
  return (proof ?? []).map(bytes)
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
