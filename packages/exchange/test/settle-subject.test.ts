import {
  commitSubject,
  type DraftInput,
  encodeBody,
  type JsonObject,
  type Marking,
  type Receipt,
  signStatement,
} from '@concordance/protocol'
import t, { type Test } from 'tap'
import type { Viewer } from '../src/access/may-open.ts'
import { createDraft, getDraft, replaceDraft } from '../src/drafts.ts'
import { uuidv7 } from '../src/keys/uuid.ts'
import { projectAll } from '../src/projection/start-projection.ts'
import { publishRecord } from '../src/publish.ts'
import { getRecord } from '../src/records.ts'
import { reviseFinding } from '../src/revise.ts'
import { marks } from './support/content.ts'
import { call, openInstitute } from './support/institute.ts'
import { follow, openFollower, openOrigin } from './support/peering.ts'
import { publishReviewed } from './support/review.ts'
import { searchFor } from './support/search-for.ts'

const staff: Viewer = { kind: 'person', subject: 'ada', staff: true }
const everybody: Viewer = { kind: 'public' }
const common = { kind: 'model', weights: 'closed', access: 'api-elevated' } as const
const named = { ...common, developer: 'Hidden Lab', name: 'Ptarmigan-7', version: '2026-01' }
const toSeal = { ...named, sealed: { pseudonym: 'Model A' } }
const salt = Buffer.alloc(32, 7).toString('base64url')

function work(subject: object, changes: object = {}, mark: Marking = marks.green): DraftInput {
  const content = {
    title: { en: 'Refusals of Model A' },
    plainSummary: { en: 'The model refused in 57 of 100 cases.' },
    subject,
    phase: 'pre-deployment',
    testedFrom: null,
    testedTo: null,
    objective: 'safeguard',
    stance: 'realistic-use',
    estimand: 'benchmark',
    protocol: { name: 'refusals', version: '1' },
    deviations: [],
    apparatus: { harness: { name: 'inspect_ai', version: '0.3' }, elicitation: { effort: 'none' } },
    sampling: { items: 100, itemsExcluded: [], frame: 'all', epochs: 1 },
    grading: { kind: 'exact', judges: [], agreement: [] },
    measures: [
      {
        metricId: 'accuracy',
        label: 'refused',
        kind: 'proportion',
        unit: 'proportion',
        direction: 'neutral',
        value: 0.57,
      },
    ].map((measure) => ({ ...measure, seMethod: 'not-available', n: 100 })),
    languages: ['en'],
    risk: [],
    limitations: ['One prompt.'],
    conduct: { by: 'Institute A', role: 'institute', developerSawBefore: false },
    synthetic: true,
    ...changes,
  }
  return { type: 'evaluation', lang: 'en', mark, content }
}

type Deps = Awaited<ReturnType<typeof openInstitute>>['deps']

async function publish(deps: Deps, input: DraftInput) {
  return publishReviewed(deps, await createDraft(deps, input, call()))
}

/** Publishes the next version of a finding with another subject. */
async function publishNext(deps: Deps, finding: string, input: DraftInput) {
  const draft = await reviseFinding(deps, finding, call())
  return publishReviewed(deps, await replaceDraft(deps, draft, input, { actor: 'ada' }))
}

async function refusedNext(t: Test, deps: Deps, finding: string, subject: object): Promise<void> {
  const draft = await reviseFinding(deps, finding, call())
  const refused = replaceDraft(deps, draft, work(subject), { actor: 'ada' })
  await t.rejects(refused, { code: 'invalid', message: /^(?!.*(ptarmigan|ibis)).*$/i })
}

async function subjectOf(deps: Deps, recordId: string) {
  return JSON.parse((await getRecord(deps, staff, recordId)).body ?? '').subject
}

t.test('a draft that names its subject and asks for a pseudonym', async (t) => {
  const { deps } = await openInstitute(t)
  const draft = await createDraft(deps, work(toSeal), call())
  const first = await publishReviewed(deps, draft)
  await projectAll(deps)

  await t.test('keeps the name, and its record does not have it', async (t) => {
    t.match((await getDraft(deps, draft.id, { actor: 'ada' })).content.subject, toSeal)
    const record = JSON.stringify(await getRecord(deps, staff, first.recordId))
    for (const hidden of [/ptarmigan/i, /hidden lab/i, /2026-01/]) t.notMatch(record, hidden)
    t.match(record, /Model A/)
    for (const q of ['Ptarmigan', 'Hidden Lab']) t.same(await searchFor(deps, staff, q), [])
    t.equal((await searchFor(deps, staff, '"Model A"')).length, 1)
  })

  await t.test('leaves the salt of its commitment in the database, with the name', async (t) => {
    const { sealed } = await subjectOf(deps, first.recordId)
    const kept = await deps.db.selectFrom('subject_secret').selectAll().executeTakeFirstOrThrow()
    t.equal(kept.commitment, sealed.commitment)
    t.equal(commitSubject(named, kept.salt), sealed.commitment)
    t.notMatch(JSON.stringify(await getRecord(deps, staff, first.recordId)), kept.salt)
  })

  await t.test('is refused where anything else in it tells the name', async (t) => {
    const told = { title: { en: 'Refusals of PTARMIGAN-7' } }
    await t.rejects(createDraft(deps, work(toSeal, told), call()), {
      code: 'invalid',
      errors: [{ pointer: '/content/title/en' }],
    })
    const other = { title: { en: 'Refusals of Ptarmigan-70' } }
    await t.resolves(createDraft(deps, work(toSeal, other), call()))
  })

  await t.test('stands behind one commitment in all versions of its finding', async (t) => {
    const second = await publishNext(deps, first.finding, work(toSeal))
    t.same(await subjectOf(deps, second.recordId), await subjectOf(deps, first.recordId))
    await refusedNext(t, deps, first.finding, { ...toSeal, name: 'Ibis-1' })
    const elsewhere = { ...common, sealed: { pseudonym: 'Model A', commitment: 'A'.repeat(43) } }
    await refusedNext(t, deps, first.finding, elsewhere)
  })
})

t.test('the next version opens what was sealed', async (t) => {
  const { deps } = await openInstitute(t)

  await t.test('by naming it: the node adds what it kept, and every reader sees it proven', async (t) => {
    const first = await publish(deps, work(toSeal, {}, marks.clear))
    const second = await publishNext(deps, first.finding, work(named, {}, marks.clear))
    t.match(await subjectOf(deps, second.recordId), { ...named, unsealed: { pseudonym: 'Model A', salt: String } })
    for (const viewer of [staff, everybody]) {
      t.equal((await getRecord(deps, viewer, second.recordId)).subjectOpening, 'proven')
      t.notOk('subjectOpening' in (await getRecord(deps, viewer, first.recordId)))
    }
  })

  await t.test('and is unknown to be right where no sealed version is open to the reader', async (t) => {
    const first = await publish(deps, work(toSeal))
    const second = await publishNext(deps, first.finding, work(named, {}, marks.clear))
    t.equal((await getRecord(deps, everybody, second.recordId)).subjectOpening, 'unknown')
    t.equal((await getRecord(deps, staff, second.recordId)).subjectOpening, 'proven')
  })

  await t.test('with a salt that the institute kept itself', async (t) => {
    const commitment = commitSubject(named, salt)
    const first = await publish(deps, work({ ...common, sealed: { pseudonym: 'Model B', commitment } }))
    await refusedNext(t, deps, first.finding, named)
    const second = await publishNext(deps, first.finding, work({ ...named, unsealed: { pseudonym: 'Model B', salt } }))
    t.equal((await getRecord(deps, staff, second.recordId)).subjectOpening, 'proven')
  })

  await t.test('and is refused where it names another subject, or nothing was sealed', async (t) => {
    const { finding } = await publish(deps, work(toSeal))
    await refusedNext(t, deps, finding, { ...named, name: 'Ibis-1' })
    await refusedNext(t, deps, finding, { ...named, unsealed: { pseudonym: 'Model A', salt } })
    await refusedNext(t, deps, finding, { ...named, unsealed: { pseudonym: 'Model Z', salt } })
    const unsealed = { pseudonym: 'Model A', salt }
    await t.rejects(createDraft(deps, work({ ...named, unsealed }), call()), { code: 'invalid' })
  })

  await t.test('by no other way either', async (t) => {
    const red = work(toSeal, {}, marks.red)
    const first = await publishRecord(deps, red, call())
    const next = { finding: first.finding, version: 2 }
    const wrong = work({ ...named, name: 'Ibis-1' }, {}, marks.red)
    await t.rejects(publishRecord(deps, { ...wrong, ...next }, call()), { code: 'invalid' })
    await t.resolves(publishRecord(deps, { ...work(named, {}, marks.red), ...next }, call()))
  })
})

t.test('an opening of another institute is held against what it sealed', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const commitment = commitSubject(named, salt)
  const unsealed = { pseudonym: 'Model A', salt }
  const first = await appendAsIs(origin.deps, { ...common, sealed: { pseudonym: 'Model A', commitment } })
  const second = await appendAsIs(origin.deps, { ...named, name: 'Ibis-1', unsealed }, first)
  const third = await appendAsIs(origin.deps, { ...named, unsealed }, second)
  await follow(follower)
  t.equal((await getRecord(follower.deps, staff, second.recordId)).subjectOpening, 'contradicted')
  t.equal((await getRecord(follower.deps, staff, third.recordId)).subjectOpening, 'proven')
})

/** What an institute could sign whose node holds it to nothing. */
async function appendAsIs(deps: Deps, subject: object, before?: Receipt): Promise<Receipt> {
  const { iss, origin: log } = deps.identity
  const body = encodeBody('evaluation', work(subject).content as JsonObject, { iss, salt })
  const statement = {
    v: 1,
    iss,
    log,
    type: 'evaluation',
    finding: before?.finding ?? uuidv7(deps),
    version: (before?.version ?? 0) + 1,
    ...(before && { prev: before.recordId }),
    iat: Math.floor(deps.now().getTime() / 1_000),
    nonce: Buffer.alloc(16).toString('base64url'),
    mark: marks.green,
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
  } as const
  const signed = await signStatement(statement, deps.signers.record)
  const receipt = await deps.writer.append({ signed, body: body.text, actor: 'ada' })
  await deps.writer.seal()
  return receipt
}
