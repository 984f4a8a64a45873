import type { ChangesView, DraftView, JsonValue } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { getDraft } from '../drafts.ts'
import type { Colleague } from '../publish.ts'
import { differencesOf } from './differences.ts'
import { getMarkedRecord } from './effective-marking.ts'
import { findOwnVersion } from './own-findings.ts'
import { listActs } from './review-draft.ts'

/** What a reviewer has to look at: what is new, field by field. @throws {ExchangeError} `not-found`. */
export async function getChanges(deps: Deps, id: string, colleague: Colleague): Promise<ChangesView> {
  const draft = await getDraft(deps, id, colleague)
  const work = workOf(draft)
  const reviewed = await findReviewed(deps, id)
  return {
    published: differencesOf(await findPublished(deps, draft), work),
    ...(reviewed !== undefined && { reviewed: differencesOf(reviewed, work) }),
  }
}

function workOf({ content, lang, mark, rel }: Pick<DraftView, 'content' | 'lang' | 'mark' | 'rel'>): JsonValue {
  return { content, lang, mark, rel } as JsonValue
}

/** The version before; of a marking, what its target is marked now; of something new, nothing. */
async function findPublished({ db }: Deps, draft: DraftView): Promise<JsonValue | undefined> {
  if (draft.type === 'marking') return publishedMarking(db, draft)
  const before = draft.version > 1 ? await findOwnVersion(db, draft.finding, draft.version - 1) : undefined
  if (!before) return undefined
  const { validUntil: _, ...circle } = before.content
  const { lang, mark, rel } = before.statement
  const content = draft.type === 'group' ? circle : before.content
  return { content, lang, mark, rel: [...rel] } as JsonValue
}

async function publishedMarking(
  db: Deps['db'],
  { content, lang, mark, rel }: DraftView,
): Promise<JsonValue | undefined> {
  const target = rel.find(({ kind }) => kind === 'remarks')?.target
  if (!target || !('record' in target)) return undefined
  const { mark: before } = await getMarkedRecord(db, target.record)
  const { mark: _, ...reason } = content
  return { content: { ...reason, mark: before }, lang, mark, rel } as JsonValue
}

async function findReviewed(deps: Deps, id: string): Promise<JsonValue | undefined> {
  const acts = await listActs(deps, id)
  const last = acts.findLast(({ act }) => act === 'approve' || act === 'send-back')
  return last && workOf(last.work as DraftView)
}
