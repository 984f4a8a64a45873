import t from 'tap'
import {
  hitsDigest,
  questionDigest,
  type SearchAnswer,
  type SearchQuestion,
  signAnswer,
  signCompact,
  verifyAnswer,
} from '../src/index.ts'
import { bytesOf, createInstitute } from './support/institute.ts'
import { verdictOf } from './support/refusal.ts'

const institute = await createInstitute()
const { iss, keyset, signers } = institute
const hits = ['{"title":"one"}', '{"title":"two"}']
const expected = { audience: 'https://b.example', queryId: 'q-1', question: bytesOf('question', 32), hits }
const answer: SearchAnswer = {
  v: 1,
  iss,
  aud: expected.audience,
  queryId: expected.queryId,
  question: expected.question,
  status: 'ok',
  granularity: 'summary',
  matched: 2,
  hits: hitsDigest(hits),
  checkpoint: { size: 3, root: bytesOf('root', 32) },
  iat: 1_700_000_000,
}
const verdict = (compact: string, change: Partial<typeof expected> = {}) =>
  verdictOf(() => verifyAnswer(compact, keyset, { ...expected, ...change }))

t.test('a search answer', async (t) => {
  const honest = await signAnswer(answer, signers.log)
  const signAnyway = (change: object, signer = signers.log) =>
    signCompact('concordance-answer+jwt', { ...answer, ...change } as never, signer)

  t.test('is verified for the question that was asked', async (t) => {
    t.same(verifyAnswer(honest, keyset, expected), answer)
    t.equal(verdict(honest, { queryId: 'q-2' }), 'TOKEN_AUDIENCE')
    t.equal(verdict(honest, { audience: 'https://c.example' }), 'TOKEN_AUDIENCE')
    t.equal(verdict(honest, { question: bytesOf('another question', 32) }), 'TOKEN_AUDIENCE')
  })

  t.test('covers its hits, their order and their number', async (t) => {
    const [one = '', two = ''] = hits
    for (const other of [[], [one], [two, one], [one, two, two], [`${one}\n${two}`, ''], [one, '{"title":"2"}']]) {
      t.equal(verdict(honest, { hits: other }), 'DIGEST_MISMATCH', JSON.stringify(other))
    }
  })

  t.test('is signed by a log key of the institute that answers', async (t) => {
    const other = await createInstitute('b.example')
    t.equal(verdict(await signAnyway({}, signers.request)), 'KEY_PURPOSE')
    t.equal(verdict(await signAnyway({}, { ...other.signers.log, kid: signers.log.kid })), 'SIGNATURE_INVALID')
    t.equal(verdict(await signAnyway({ iss: other.iss })), 'ISSUER')
    t.equal(verdict(await signAnyway({ status: 'maybe' })), 'SCHEMA')
  })
})

t.test('the digest of a question', async (t) => {
  const question: SearchQuestion = {
    queryId: 'query-one',
    budgetMs: 1_000,
    granularity: 'full',
    for: 'staff',
    label: 'AMBER',
    filters: { q: 'refusal' },
  }
  const digest = questionDigest(question)

  t.test('covers everything that is asked', async (t) => {
    const changes: Partial<SearchQuestion>[] = [
      { granularity: 'count' },
      { for: 'researcher' },
      { label: 'GREEN' },
      { accepts: 'GREEN' },
      { filters: { q: 'refusals' } },
      { filters: { q: 'refusal', type: 'evaluation' } },
      { sort: 'newest' },
      { limit: 3 },
    ]
    for (const change of changes) t.not(questionDigest({ ...question, ...change }), digest, JSON.stringify(change))
  })

  t.test('leaves out what says nothing about it: the id, the time, and the order of members', async (t) => {
    t.equal(questionDigest({ ...question, queryId: 'query-two', budgetMs: 2 }), digest)
    t.equal(questionDigest(Object.fromEntries(Object.entries(question).reverse()) as SearchQuestion), digest)
  })
})
