import {
  type DraftInput,
  type DraftOrReceipt,
  type DraftView,
  type GroupBody,
  type GroupInput,
  type GroupView,
  type JsonObject,
  parseStatementUnsafe,
} from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { draftVersion } from '../drafts.ts'
import { ExchangeError } from '../error.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { type Call, digestOf } from '../publish.ts'
import { type PublishingCall, publishIfNarrow } from './mark-record.ts'
import { findOwnVersion } from './own-findings.ts'
import { markOfGroup } from './prepare-draft.ts'

/** Begins a new group of this institute: a draft of its first snapshot. @throws {ExchangeError} the codes of `createDraft`. */
export function createGroup(deps: Deps, group: GroupInput, call: Call): Promise<DraftView> {
  const finding = uuidv7(deps)
  const input = inputOf(deps, finding, group)
  return draftVersion(deps, { input, finding, version: 1 }, digestOf('create-group', group), call)
}

/**
 * Begins the next snapshot of a group of this institute: the whole of it. One that only takes away is published at once
 * where the caller may publish.
 *
 * @throws {ExchangeError} `not-found`, and the codes of `createDraft` and `publishDraft`.
 */
export async function replaceGroup(
  deps: Deps,
  finding: string,
  group: GroupInput,
  call: PublishingCall,
): Promise<DraftOrReceipt> {
  const newest = await findOwnVersion(deps.db, finding)
  if (newest?.statement.type !== 'group') throw noGroup()
  const input = inputOf(deps, finding, group)
  const version = newest.statement.version + 1
  const draft = await draftVersion(
    deps,
    { input, finding, version },
    digestOf('replace-group', { finding, group }),
    call,
  )
  return publishIfNarrow(deps, draft, call)
}

/** The newest snapshot of a group of this institute. @throws {ExchangeError} `not-found`. */
export async function getGroup(deps: Deps, finding: string): Promise<GroupView> {
  const groups = await listGroups(deps)
  const group = groups.find((each) => each.isOwn && each.finding === finding)
  if (!group) throw noGroup()
  return group
}

/** The newest snapshot of every group known here, our own first. */
export async function listGroups({ db, now, identity }: Deps): Promise<GroupView[]> {
  const rows = await db
    .selectFrom('group_snapshot')
    .innerJoin('entry', (join) =>
      join.onRef('entry.log', '=', 'group_snapshot.log').onRef('entry.position', '=', 'group_snapshot.position'),
    )
    .select(['group_snapshot.iss', 'group_snapshot.valid_until', 'entry.position', 'entry.statement', 'entry.body'])
    .orderBy('group_snapshot.iss')
    .orderBy('group_snapshot.finding')
    .execute()
  const nowSeconds = Math.floor(now().getTime() / 1_000)
  const groups = rows.flatMap(({ statement, body, position, valid_until }): GroupView[] => {
    if (!statement || !body) return []
    const { iss, finding, version } = parseStatementUnsafe(statement.toString('utf8')).statement
    const { name, purpose, members } = JSON.parse(body.toString('utf8')) as GroupBody
    const said = { name, ...(purpose && { purpose }), members, validUntil: valid_until }
    const standing = { isOwn: iss === identity.iss, isExpired: valid_until <= nowSeconds }
    return [{ iss, finding, version, position, ...said, ...standing }]
  })
  return groups.sort((a, b) => Number(b.isOwn) - Number(a.isOwn))
}

function inputOf(deps: Deps, finding: string, { name, purpose, lang = 'en', members }: GroupInput): DraftInput {
  const { iss } = deps.identity
  const others = members.filter((member) => member.iss !== iss).map((member) => ({ ...member, role: 'member' }))
  const content = { name, ...(purpose && { purpose }), members: [{ iss, role: 'owner' }, ...others] }
  return { type: 'group', lang, mark: markOfGroup(deps, finding), content: content as JsonObject }
}

function noGroup(): ExchangeError {
  return new ExchangeError('not-found', 'there is no such group of this institute')
}
