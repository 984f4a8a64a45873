import { parseNoteCheckpoint, verifyCheckpoint, verifyNote, vkeyOf } from '@concordance/log'
import { encodeBase64url } from '@concordance/protocol'
import t from 'tap'
import { getSealedCheckpoint } from '../../src/log/checkpoints.ts'
import { appendRecord } from '../../src/publish.ts'
import { input } from '../support/content.ts'
import { call, openInstitute, start } from '../support/institute.ts'

t.test('a checkpoint', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const newest = async () => verifyCheckpoint((await getSealedCheckpoint(deps)).checkpoint, deps.identity.keyset())

  await t.test('says the same as the C2SP note beside it', async (t) => {
    const { checkpoint, note } = await getSealedCheckpoint(deps)
    const { origin, size, root } = verifyCheckpoint(checkpoint, deps.identity.keyset())
    const keys = deps.identity.keyset().document.keys.filter(({ purpose }) => purpose === 'log')
    const vkeys = keys.map(({ jwk }) => vkeyOf(origin, jwk))
    const noted = parseNoteCheckpoint(verifyNote(note ?? '', vkeys))
    t.same({ ...noted, root: encodeBase64url(noted.root) }, { origin, size, root })
  })

  await t.test('is signed again at the same size only when it has grown old', async (t) => {
    const before = await newest()
    clock.seconds = start + 100
    t.equal(await deps.writer.seal({ freshenAfterSeconds: 101 }), undefined)
    t.same(await newest(), before)
    await deps.writer.seal({ freshenAfterSeconds: 100 })
    t.same(await newest(), { ...before, iat: start + 100 })
  })

  await t.test('never gets an earlier time than the one before, even when the clock is set back', async (t) => {
    clock.seconds = start - 1_000
    await appendRecord(deps, input(), call())
    await deps.writer.seal()
    t.match(await newest(), { size: 2, iat: start + 100 })
  })

  await t.test('keeps its root in the database, whoever tries to change it', async (t) => {
    const change = deps.pool.query(`update checkpoint set root = sha256('other') where size = 1`)
    await t.rejects(change, { code: '23000' })
    await t.rejects(deps.pool.query('delete from checkpoint'), { code: '23000' })
  })
})

t.test('nothing is signed that the stored bytes do not give', async (t) => {
  const { deps } = await openInstitute(t)
  const size = async () => (await getSealedCheckpoint(deps)).size
  /** Appends without the seal that follows, then changes a stored byte as a failing disk would: past every trigger. */
  const damageAfterAppend = async (sql: string) => {
    const client = await deps.pool.connect()
    await client.query(`begin; set local session_replication_role = replica; ${sql}; commit`)
    client.release()
  }

  await t.test('a statement that no longer hashes to its leaf stops the seal', async (t) => {
    const hold = await deps.pool.connect()
    await hold.query('select pg_advisory_lock(4811002)')
    await appendRecord(deps, input(), call())
    await damageAfterAppend(`update entry set statement = set_byte(statement, 200, 65) where position = 1`)
    await hold.query('select pg_advisory_unlock(4811002)')
    hold.release()
    await t.rejects(deps.writer.seal(), { code: 'log-corrupt' })
    t.equal(await size(), 1)
  })
})
