import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser } from '../../../services/node/test/support/browser.ts'
import { startProvider } from '../../../test/support/provider.ts'
import { openNode } from './support/open-node.ts'

const audience = 'https://node.example/api'

t.test('people who sign in at the provider', async (t) => {
  const { run, only, json, url } = await openNode(t, async (url, cwd) => {
    const provider = await startProvider({ redirectUri: `${url}/v1/sign-in/return`, audience })
    t.teardown(() => provider.stop())
    const clientSecretFile = join(cwd, 'client.secret')
    writeFileSync(clientSecretFile, provider.clientSecret, { mode: 0o600 })
    const { issuer, clientId } = provider
    const roles = { authors: ['author'] }
    const client = { issuer, clientId, clientSecretFile, scopes: ['profile'], audience, insecureLoopback: true }
    return { people: { ...client, rolesClaim: 'groups', roles, staff: ['staff'] } }
  })

  await t.test('are nobody at first, which says where they come from', async (t) => {
    t.match(await run('people', 'list'), { exit: 0, stdout: '', stderr: /"people" in node.json/ })
  })

  const browser = openBrowser(url, url)
  const whoami = async () => (await browser.ask({ path: '/v1/session' })).status
  let person = ''
  await t.test('are listed with what they may do', async (t) => {
    await browser.signIn('author')
    t.equal(await whoami(), 200)
    const [alma] = await json('people', 'list')
    t.match(alma, { name: 'Alma Author', staff: true, roles: ['author'] })
    person = String(alma?.id)
    t.match((await run('people', 'list')).stdout, new RegExp(`^${person}\tenabled\tstaff\tauthor\t`))
  })

  await t.test('are shut out within five seconds, and let in again', async (t) => {
    const { exit, stderr } = await run('people', 'disable', person)
    t.equal(exit, 0)
    t.match(stderr, `concordance people enable ${person}`)
    const deadline = Date.now() + 5_000
    while ((await whoami()) === 200 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
    t.equal(await whoami(), 401)
    t.match((await run('people', 'list')).stdout, '\tdisabled\t')
    t.match(await only('people', 'enable', person), { enabled: person })
    t.equal(await whoami(), 401, 'what was ended stays ended')
    await browser.signIn('author')
    t.equal(await whoami(), 200)
    t.match(await json('audit', '--actor', 'me'), [{ act: 'person.enable' }, { act: 'person.disable' }])
  })

  await t.test('are known by an id', async (t) => {
    t.equal((await run('people', 'disable', '01890a5d-ac96-774b-bcce-b302099a8057')).exit, 5)
  })
})
