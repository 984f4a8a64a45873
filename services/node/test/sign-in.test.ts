import t from 'tap'
import { startPeople } from './support/people.ts'

t.test('signing in', async (t) => {
  const { browser, provider } = await startPeople(t)

  await t.test('leads by the provider to a session', async (t) => {
    const alma = browser()
    const answer = await alma.signIn('author')
    t.equal(answer.status, 303, answer.text)
    const session = await alma.ask({ path: '/v1/session' })
    t.equal(session.status, 200, session.text)
    t.match(session.json(), {
      subject: `${provider.issuer}#author`,
      issuer: provider.issuer,
      credential: 'session',
      staff: true,
      roles: ['reader', 'author'],
      scopes: ['read', 'draft'],
    })
  })
})
