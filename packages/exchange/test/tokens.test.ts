import t from 'tap'
import { purgeRequestTokens, useRequestToken } from '../src/requests.ts'
import { createToken, findUsableToken, listTokens, revokeToken } from '../src/tokens.ts'
import { openInstitute, start } from './support/institute.ts'

t.test('an API token', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const token = {
    jti: 'token-1',
    name: 'laptop',
    subject: 'ada',
    scopes: ['read', 'publish'] as const,
    expiresAt: new Date((start + 100) * 1_000),
  }
  await createToken(deps, token, 'operator')

  await t.test('is usable until it expires', async (t) => {
    t.match(await findUsableToken(deps, 'token-1'), { subject: 'ada', scopes: ['read', 'publish'] })
    clock.seconds = start + 100
    t.equal(await findUsableToken(deps, 'token-1'), undefined)
    clock.seconds = start
  })

  await t.test('is not usable once revoked, and revoking again changes nothing', async (t) => {
    await createToken(deps, { ...token, jti: 'token-2' }, 'operator')
    await revokeToken(deps, 'token-2', 'operator')
    await revokeToken(deps, 'token-2', 'operator')
    t.equal(await findUsableToken(deps, 'token-2'), undefined)
    t.ok(await findUsableToken(deps, 'token-1'))
    await t.rejects(revokeToken(deps, 'token-3', 'operator'), { code: 'not-found' })
  })

  await t.test('leaves its making and its end in the audit trail', async (t) => {
    const acts = await deps.db
      .selectFrom('audit')
      .select(['act', 'target'])
      .where('act', 'like', 'token.%')
      .orderBy('id')
      .execute()
    t.same(
      acts.map(({ act, target }) => `${act} ${target}`),
      ['token.create token-1', 'token.create token-2', 'token.revoke token-2'],
    )
    t.equal((await listTokens(deps)).length, 2)
  })
})

t.test('a request token', async (t) => {
  const { deps, clock, open, stop } = await openInstitute(t)
  const second = await open()
  const token = { iss: 'https://b.institute.example', jti: 'one', exp: start + 60 }

  await t.test('is used once, whichever process is asked and however many ask at once', async (t) => {
    const uses = await Promise.allSettled(
      [deps, second.deps, deps, second.deps].map((each) => useRequestToken(each, token)),
    )
    t.equal(uses.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const use of uses) if (use.status === 'rejected') t.equal(use.reason.code, 'replay')
  })

  await t.test('of another institute may have the same id', async (t) => {
    await t.resolves(useRequestToken(deps, { ...token, iss: 'https://c.institute.example' }))
  })

  await t.test('is forgotten only when it could not be accepted any more', async (t) => {
    clock.seconds = start + 60 + 60
    t.equal(await purgeRequestTokens(deps), 0)
    await t.rejects(useRequestToken(deps, token), { code: 'replay' })
    clock.seconds = start + 60 + 60 + 30 + 1
    t.equal(await purgeRequestTokens(deps), 2)
  })

  await t.test('is not accepted when the store does not answer', async (t) => {
    const pool = deps.pool
    await second.stop()
    await stop()
    await t.rejects(useRequestToken({ pool }, { ...token, jti: 'two' }), { code: 'store-unavailable' })
  })
})
