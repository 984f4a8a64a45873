import { randomBytes } from 'node:crypto'
import type { Role } from '@concordance/protocol'
import t from 'tap'
import { disablePerson, findOrAddPerson, issuerOf, subjectOf } from '../src/people/people.ts'
import { rolesOf, scopesOf } from '../src/people/roles.ts'
import { beginSession, endSession, findSession, purgeSessions, type SignedIn } from '../src/people/sessions.ts'
import { createToken, findUsableToken } from '../src/tokens.ts'
import { openInstitute, start } from './support/institute.ts'

const issuer = 'https://login.institute.example'
const lifetimes = { idleMs: 60 * 60_000, absoluteMs: 12 * 60 * 60_000 }
const signedIn = (changes: Partial<SignedIn> = {}): SignedIn => ({
  issuer,
  sub: 'ada',
  name: 'Ada',
  staff: true,
  roles: ['reader', 'author'],
  signIn: randomBytes(32),
  ...changes,
})

t.test('a role', async (t) => {
  const roles: readonly Role[] = ['reader', 'author', 'reviewer', 'publisher', 'operator']

  await t.test('gives one scope of its own, and none gives another', async (t) => {
    const given = roles.map((role) => scopesOf([role]))
    t.same(given, [['read'], ['draft'], ['review'], ['publish'], ['operate']])
  })

  await t.test('follows from its scope', async (t) => {
    for (const role of roles) t.same(rolesOf(scopesOf([role])), [role])
    t.same(scopesOf([]), [])
  })
})

t.test('a subject', async (t) => {
  await t.test('names issuer and person, so that two never share one', async (t) => {
    t.equal(subjectOf({ issuer, sub: 'ada' }), 'https://login.institute.example#ada')
    t.not(subjectOf({ issuer, sub: 'a#b' }), subjectOf({ issuer: `${issuer}/a`, sub: 'b' }))
    t.equal(issuerOf(subjectOf({ issuer, sub: 'a#b' })), issuer)
    t.equal(issuerOf('ada'), undefined)
  })

  await t.test('of a person is no name for a program', async (t) => {
    const { deps } = await openInstitute(t)
    const token = { jti: 'x', name: 'x', scopes: ['read'] as const, expiresAt: new Date((start + 100) * 1_000) }
    const forged = { ...token, subject: subjectOf({ issuer, sub: 'ada' }) }
    await t.rejects(createToken(deps, forged, 'operator'), { code: 'invalid' })
    await t.resolves(createToken(deps, { ...token, subject: 'ada' }, 'operator'))
  })
})

t.test('a session', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const begin = async (changes: Partial<SignedIn> = {}) => {
    const digest = randomBytes(32)
    return { digest, begun: await beginSession(deps, digest, signedIn(changes), lifetimes) }
  }
  const count = async () => (await deps.pool.query('select count(*)::int as n from session')).rows[0]?.n

  await t.test('is of the person who signed in, with the roles of the newest sign-in', async (t) => {
    const first = await begin()
    t.match(await findSession(deps, first.digest, lifetimes), { person: { sub: 'ada', roles: ['reader', 'author'] } })
    const second = await begin({ roles: ['reader'], staff: false })
    for (const { digest } of [first, second]) {
      t.match(await findSession(deps, digest, lifetimes), { person: { staff: false, roles: ['reader'] } })
    }
  })

  await t.test('comes once from one sign-in, also when two ask at once', async (t) => {
    const signIn = randomBytes(32)
    const both = await Promise.all([begin({ signIn }), begin({ signIn })])
    t.same(both.map(({ begun }) => begun).sort(), [false, true])
  })

  await t.test('ends an hour after the last request, and twelve hours after its begin', async (t) => {
    const { digest } = await begin()
    for (let hour = 0; hour < 12; hour += 1) {
      clock.seconds += 3_599
      t.ok(await findSession(deps, digest, lifetimes), `hour ${hour}`)
    }
    clock.seconds += 12
    t.equal(await findSession(deps, digest, lifetimes), undefined)
    const idle = await begin()
    clock.seconds += 3_600
    t.equal(await findSession(deps, idle.digest, lifetimes), undefined)
  })

  await t.test('is over when it is ended', async (t) => {
    const { digest } = await begin()
    await endSession(deps, digest)
    t.equal(await findSession(deps, digest, lifetimes), undefined)
    await endSession(deps, randomBytes(32))
  })

  await t.test('that was ended is kept until it would have expired, so that its sign-in stays used', async (t) => {
    const signIn = randomBytes(32)
    const { digest } = await begin({ signIn })
    await endSession(deps, digest)
    await purgeSessions(deps)
    t.equal((await begin({ signIn })).begun, false)
    clock.seconds += 12 * 3_600 + 1
    await purgeSessions(deps)
    t.equal(await count(), 0)
  })

  await t.test('does not begin for somebody who is shut out, and nothing about them changes', async (t) => {
    await begin()
    const { id } = await findOrAddPerson(deps, { issuer, sub: 'ada' })
    await disablePerson(deps, id, 'operator')
    const before = (await deps.pool.query('select p::text as it from person p')).rows
    t.equal((await begin({ roles: ['operator'], name: 'Mallory' })).begun, false)
    t.same((await deps.pool.query('select p::text as it from person p')).rows, before)
  })

  await t.test('and the shutting out of its person never miss each other', async (t) => {
    for (let round = 0; round < 10; round += 1) {
      const sub = `racer-${round}`
      const { id } = await findOrAddPerson(deps, { issuer, sub })
      const [{ digest }] = await Promise.all([begin({ sub }), disablePerson(deps, id, 'operator')])
      t.equal(await findSession(deps, digest, lifetimes), undefined)
    }
  })
})

t.test('a token of one’s own', async (t) => {
  const { deps } = await openInstitute(t)
  await beginSession(deps, randomBytes(32), signedIn(), lifetimes)
  const person = await findOrAddPerson(deps, { issuer, sub: 'ada' })
  const expiresAt = new Date((start + 100) * 1_000)
  const make = (jti: string) =>
    createToken(
      deps,
      { jti, name: jti, subject: subjectOf(person), person: person.id, scopes: ['read', 'draft'], expiresAt },
      subjectOf(person),
    )

  await t.test('allows what it was given and its person still may', async (t) => {
    await make('one')
    t.match(await findUsableToken(deps, 'one'), { scopes: ['read', 'draft'], staff: true })
    await beginSession(deps, randomBytes(32), signedIn({ roles: ['author', 'operator'], staff: false }), lifetimes)
    t.match(await findUsableToken(deps, 'one'), { scopes: ['draft'], staff: false })
  })

  await t.test('is one of fifty at most', async (t) => {
    for (let number = 2; number <= 50; number += 1) await make(`token-${number}`)
    await t.rejects(make('token-51'), { code: 'conflict' })
  })

  await t.test('dies with its person’s right to be here', async (t) => {
    await disablePerson(deps, person.id, 'operator')
    t.equal(await findUsableToken(deps, 'one'), undefined)
  })
})
