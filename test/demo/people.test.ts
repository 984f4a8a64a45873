import t from 'tap'
import { openProviders } from './people.ts'

t.test('the provider of an institute', async (t) => {
  const institute = {
    key: 'north',
    entityId: 'https://north.example',
    baseUrl: 'http://127.0.0.1:9',
    dataDir: t.testdir(),
  }
  const providers = openProviders()
  const first = await providers.settingsFor(institute)

  await t.test('goes on when its node starts again', async (t) => {
    t.same(await providers.settingsFor(institute), first)
    const answer = await fetch(`${first.issuer}/.well-known/openid-configuration`)
    t.equal(answer.status, 200)
  })

  await t.test('is where it was when everything starts again', async (t) => {
    await providers.stop()
    await t.rejects(fetch(first.issuer))
    const again = openProviders()
    t.teardown(() => again.stop())
    t.equal((await again.settingsFor(institute)).issuer, first.issuer)
  })
})
