import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateJwk, verifyKeyset } from '@concordance/protocol'
import t, { type Test } from 'tap'
import { createIdentity, readFirstKeyset, readSigners } from '../../src/keys/identity-files.ts'
import { publishKeyset } from '../../src/keys/publish-keyset.ts'
import { appendRecord } from '../../src/publish.ts'
import { input } from '../support/content.ts'
import { call, openInstitute } from '../support/institute.ts'
import { rotateRecordKey } from '../support/rotate-record-key.ts'

const entityId = 'https://a.institute.example'

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'concordance-test-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

t.test('a new identity', async (t) => {
  const data = await folder(t)
  const pin = await createIdentity(data, { entityId, now: new Date() })

  await t.test('has a first keyset document that the root signed, and the root is what peers pin', async (t) => {
    const { document } = verifyKeyset(await readFirstKeyset(data), { pin, iss: entityId })
    t.match(document, { iss: entityId, origin: 'a.institute.example/log/1', seq: 1 })
    t.same(
      document.keys.map(({ purpose }) => purpose),
      ['record', 'log', 'request'],
    )
  })

  await t.test('keeps every key in a file for its owner alone', async (t) => {
    for (const name of await readdir(join(data, 'keys'))) {
      t.equal((await stat(join(data, 'keys', name))).mode & 0o777, 0o600, name)
    }
  })

  await t.test('works without the root key, which belongs offline', async (t) => {
    await rm(join(data, 'keys', 'root.jwk'))
    t.ok(await readSigners(data))
  })

  await t.test('is never overwritten', async (t) => {
    const before = await readFile(join(data, 'keys', 'record.jwk'), 'utf8')
    await t.rejects(createIdentity(data, { entityId, now: new Date() }), { code: 'conflict' })
    t.equal(await readFile(join(data, 'keys', 'record.jwk'), 'utf8'), before)
    t.same(await readdir(data), ['keys'])
  })

  await t.test('refuses a key that others may read', async (t) => {
    await chmod(join(data, 'keys', 'log.jwk'), 0o644)
    await t.rejects(readSigners(data), { code: 'key-exposed' })
    await chmod(join(data, 'keys', 'log.jwk'), 0o600)
    await t.resolves(readSigners(data))
  })

  await t.test('says nothing of a key that cannot be read', async (t) => {
    await writeFile(join(data, 'keys', 'log.jwk'), '{"d":"secret"')
    const error = await readSigners(data).catch((reason) => reason)
    t.match(error, { code: 'identity-invalid', cause: undefined })
    t.notMatch(error.message, /secret/)
  })

  await t.test('can be made of ES256 keys too', async (t) => {
    const other = await folder(t)
    const pinned = await createIdentity(other, { entityId, algorithm: 'ES256', now: new Date() })
    t.ok(verifyKeyset(await readFirstKeyset(other), { pin: pinned, iss: entityId }))
    await t.rejects(createIdentity(await folder(t), { entityId: 'http://plain.example', now: new Date() }), {
      code: 'ISSUER',
    })
  })
})

t.test('a node does not start', async (t) => {
  const institute = await openInstitute(t)
  await institute.stop()

  await t.test('on the database of another identity', async (t) => {
    const other = await openInstitute(t, { iss: institute.iss })
    await other.stop()
    await t.rejects(other.open(institute.url), { code: 'identity-invalid' })
  })

  await t.test('with a key that its keyset does not hold', async (t) => {
    const path = join(institute.dataDir, 'keys', 'record.jwk')
    const own = await readFile(path, 'utf8')
    await writeFile(path, JSON.stringify(generatePrivateJwk('Ed25519')))
    await t.rejects(institute.open(), { code: 'identity-invalid' })
    await writeFile(path, own)
    await t.resolves(institute.open())
  })
})

t.test('a new keyset', async (t) => {
  const institute = await openInstitute(t)
  const { deps, dataDir } = institute
  const old = deps.signers.record.kid
  const { keyset, jwk } = await rotateRecordKey(deps, dataDir, { lastGood: 2 })

  await t.test(
    'is in force from the entry after it, and a record signed by the key it retires is signed again',
    async (t) => {
      await appendRecord(deps, input(), call())
      const { position } = await publishKeyset(deps, keyset, 'operator')
      t.equal(position, 2)
      t.equal(deps.signers.record.kid, old, 'nobody has told this process yet')
      await writeFile(join(dataDir, 'keys', 'record.jwk'), JSON.stringify(jwk))
      const receipt = await appendRecord(deps, input(), call())
      t.not(deps.signers.record.kid, old)
      const entry = await deps.db.selectFrom('entry').select('statement').where('position', '=', 3).executeTakeFirst()
      t.match(entry?.statement?.toString(), new RegExp(`^${headerStart(deps.signers.record.kid)}`))
      t.equal(receipt.position, 3)
      t.equal(deps.identity.keyset().document.seq, 2)
    },
  )

  await t.test('is recorded once', async (t) => {
    await t.rejects(publishKeyset(deps, keyset, 'operator'), { code: 'version-conflict' })
  })

  await t.test('without whose key nothing is appended', async (t) => {
    const next = await rotateRecordKey(deps, dataDir, { lastGood: 4 })
    t.equal((await publishKeyset(deps, next.keyset, 'operator')).position, 4)
    await t.rejects(appendRecord(deps, input(), call()), { code: 'unavailable' })
    await writeFile(join(dataDir, 'keys', 'record.jwk'), JSON.stringify(next.jwk))
    t.equal((await appendRecord(deps, input(), call())).position, 5)
  })

  await t.test('is known at the next start', async (t) => {
    await institute.stop()
    const { deps: again } = await institute.open()
    t.equal(again.identity.keyset().document.seq, 3)
  })
})

function headerStart(kid: string): string {
  return Buffer.from(`{"alg":"Ed25519","kid":"${kid}"`).toString('base64url').slice(0, -2)
}
