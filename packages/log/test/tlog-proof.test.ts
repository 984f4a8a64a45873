import t from 'tap'
import { formatTlogProof, parseTlogProof } from '../src/index.ts'
import { leavesOf } from './support/naive-tree.ts'

const note = 'a.example/log/1\n9\nAAAA\n\n— a.example/log/1 AAAAAAA=\n'
const hashes = leavesOf(3)
const file = formatTlogProof({ index: 7, hashes, note })

t.test('a proof file', async (t) => {
  await t.test('has the lines of C2SP tlog-proof', async (t) => {
    const lines = hashes.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
    t.equal(file, `c2sp.org/tlog-proof@v1\nindex 7\n${lines}\n${note}`)
  })

  await t.test('reads back, also without hashes and for large positions', async (t) => {
    for (const given of [
      { index: 7, hashes, note },
      { index: 0, hashes: [], note },
      { index: 2 ** 53 - 2, hashes: leavesOf(63), note },
    ]) {
      const { index, hashes, note } = parseTlogProof(formatTlogProof(given))
      t.same({ index, hashes: hashes.map((hash) => Buffer.from(hash)), note }, given)
    }
  })

  await t.test('may carry extra data, which nobody signs and nothing here reads', async (t) => {
    const withExtra = file.replace('index', 'extra YWJj\nindex')
    t.same(parseTlogProof(withExtra), parseTlogProof(file))
    t.throws(() => parseTlogProof(file.replace('index', 'extra YW Jj\nindex')), { code: 'PROOF_MALFORMED' })
    t.throws(() => parseTlogProof(file.replace('index', 'extra YWJj\nextra YWJj\nindex')), { code: 'PROOF_MALFORMED' })
  })

  await t.test('is refused in every other spelling', async (t) => {
    const spellings = {
      'another version': file.replace('@v1', '@v2'),
      'something in front': `\n${file}`,
      'no checkpoint': file.slice(0, file.indexOf('\n\n') + 1),
      'no index': file.replace('index 7\n', ''),
      'a leading zero': file.replace('index 7', 'index 07'),
      'a sign': file.replace('index 7', 'index -7'),
      hexadecimal: file.replace('index 7', 'index 0x7'),
      'two spaces': file.replace('index 7', 'index  7'),
      'an index beyond 2^53-1': file.replace('index 7', 'index 9007199254740992'),
      'carriage returns': file.replaceAll('\n', '\r\n'),
      'a hash without padding': file.replace('=\n', '\n'),
      'a hash with unused bits set': file.replace(/.=\n/, '/=\n'),
      'a hash with white space': file.replace('=\n', '= \n'),
      'a hash of 31 bytes': file.replace(/\n[^\n]{44}\n/, `\n${Buffer.alloc(31).toString('base64')}\n`),
    }
    for (const [fault, spelled] of Object.entries(spellings)) {
      t.not(spelled, file)
      t.throws(() => parseTlogProof(spelled), { code: 'PROOF_MALFORMED' }, fault)
    }
  })

  await t.test('of more than 63 hashes, or beyond all size, is refused', async (t) => {
    t.throws(() => parseTlogProof(formatTlogProof({ index: 7, hashes: leavesOf(64), note })), {
      code: 'PROOF_MALFORMED',
    })
    t.throws(() => parseTlogProof(file + '\n'.repeat(200_000)), { code: 'PROOF_MALFORMED' })
  })
})
