import {
  canonicalize,
  type DraftView,
  type GroupBody,
  type JsonObject,
  type JsonValue,
  limits,
  type Marking,
  markOfChange,
  parseMarking,
} from '@concordance/protocol'
import { asExchangeErrors, type Composition } from '../compose-record.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { MarkedAs } from '../log/append-batch.ts'
import { getMarkedRecord, requireReader, requireRemarkable } from './effective-marking.ts'
import { type Act, type Circle, needsSecondPerson } from './needs-second-person.ts'
import { findOwnVersion } from './own-findings.ts'

/** What people write, and its place among the versions of its finding. */
export type Work = Pick<DraftView, 'type' | 'lang' | 'mark' | 'content' | 'rel' | 'finding' | 'version'>

/** A draft as it would be published now. */
export interface PreparedDraft {
  readonly composition: Composition
  readonly needsSecondPerson: boolean
  readonly markedAs?: MarkedAs
  /** RED: those who may read it because they may read what it is about. */
  readonly readers: readonly string[]
}

/**
 * Fills in what follows from the state of our own log: the version before, and of a marking or a group its own marking and
 * its end.
 *
 * @param writer Who writes it, where somebody does: a RED record cannot be marked by those who may not know of it.
 * @throws {ExchangeError} `invalid`, `marking-invalid`, `not-found`, `version-conflict`.
 */
export function prepareDraft(deps: Deps, work: Work, writer?: string): Promise<PreparedDraft> {
  return asExchangeErrors(() => prepare(deps, work, writer))
}

async function prepare(deps: Deps, work: Work, writer?: string): Promise<PreparedDraft> {
  if (work.type === 'marking') return prepareMarking(deps, work, writer)
  if (work.type === 'group') return prepareGroup(deps, work)
  const before = work.version > 1 ? await findOwnVersion(deps.db, work.finding, work.version - 1) : undefined
  return prepared({ ...work, prev: before?.recordId }, { kind: 'publish', mark: parseMarking(work.mark) })
}

/** A marking record belongs to its target: it has no versions, and is marked by what it changes. */
async function prepareMarking({ db, identity }: Deps, work: Work, writer?: string): Promise<PreparedDraft> {
  const target = targetOf(work)
  if (target === undefined || target.iss !== identity.iss) {
    throw invalid('/rel', 'a marking remarks exactly one record of this institute')
  }
  const record = await getMarkedRecord(db, target.record)
  if (writer !== undefined) requireReader(record, writer)
  requireRemarkable(record)
  const after = parseMarking(work.content.mark)
  const mark = markOfChange(record.mark, after)
  const { needsSecondPerson, composition } = prepared({ ...work, mark }, { kind: 'remark', before: record.mark, after })
  return { composition, needsSecondPerson, markedAs: record.markedAs, readers: record.readers }
}

function targetOf({ rel }: Pick<Work, 'rel'>): { iss: string; record: string } | undefined {
  const [only, ...others] = rel.filter(({ kind }) => kind === 'remarks')
  return only && others.length === 0 && 'record' in only.target ? only.target : undefined
}

/** A snapshot follows the newest one, where that differs from the one it was drafted on in nothing but its end. */
async function prepareGroup(deps: Deps, work: Work): Promise<PreparedDraft> {
  const newest = await findOwnVersion(deps.db, work.finding)
  if (newest) await requireSameSince(deps, work, newest.statement.version)
  const { validUntil: _, ...content } = work.content
  const validUntil = Math.floor(deps.now().getTime() / 1_000) + limits.groupLifetimeSeconds
  const composition: Composition = {
    ...work,
    mark: markOfGroup(deps, work.finding),
    content: { ...content, validUntil },
    version: (newest?.statement.version ?? 0) + 1,
    prev: newest?.recordId,
  }
  const before = newest && circleOf(newest.content)
  return prepared(composition, { kind: 'group', before, after: circleOf(work.content) })
}

async function requireSameSince({ db }: Deps, { finding, version }: Work, newest: number): Promise<void> {
  if (newest === version - 1) return
  const [then, now] = await Promise.all([findOwnVersion(db, finding, version - 1), findOwnVersion(db, finding)])
  const textOf = (content: JsonObject = {}) => canonicalize({ ...content, validUntil: 0 } as JsonValue)
  if (!then || textOf(then.content) !== textOf(now?.content)) {
    throw new ExchangeError('version-conflict', 'the group has changed since the draft was begun')
  }
}

/** A group record is for the group itself. */
export function markOfGroup({ identity: { iss } }: Pick<Deps, 'identity'>, finding: string): Marking {
  return { tlp: 'AMBER', relay: 'none', group: { iss, finding } }
}

/** The schema of the body has been, or will be, checked where the record is composed. */
function circleOf(content: DraftView['content']): Circle {
  const { name, purpose, members = [] } = content as unknown as Partial<GroupBody> & Pick<GroupBody, 'name'>
  return { name, ...(purpose && { purpose }), members: Array.isArray(members) ? members : [] }
}

function prepared(composition: Composition, act: Act): PreparedDraft {
  return { composition, needsSecondPerson: needsSecondPerson(act), readers: [] }
}

function invalid(pointer: string, detail: string): ExchangeError {
  return new ExchangeError('invalid', detail, { errors: [{ pointer, detail }] })
}
