import {
  encodeBase64url,
  encodeBody,
  type Keyset,
  parseMarking,
  type Receipt,
  type Statement,
  signStatement,
} from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { uuidv7 } from './uuid.ts'

/**
 * Puts a keyset document in force by recording it in our own log: it judges every later entry. Documents are the
 * versions of one finding. Requires a document that verifies after the newest one.
 *
 * @throws {ExchangeError} `version-conflict` when another document took its place.
 */
export async function publishKeyset(deps: Deps, keyset: Keyset, actor: string): Promise<Receipt> {
  const { iss, origin } = deps.identity
  const salt = encodeBase64url(deps.random(32))
  const body = encodeBody('keyset', { document: keyset.compact }, { iss, salt })
  const statement: Statement = {
    v: 1,
    iss,
    log: origin,
    type: 'keyset',
    ...(await nextVersion(deps)),
    iat: Math.floor(deps.now().getTime() / 1_000),
    nonce: encodeBase64url(deps.random(16)),
    mark: parseMarking({ tlp: 'CLEAR', relay: 'any' }),
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
  }
  const signed = await signStatement(statement, deps.signers.record)
  return deps.writer.append({ signed, body: body.text, actor, keyset })
}

async function nextVersion(deps: Deps): Promise<Pick<Statement, 'finding' | 'version' | 'prev'>> {
  const newest = await deps.db
    .selectFrom('own_record')
    .select(['finding', 'version', 'record_id'])
    .where('type', '=', 'keyset')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!newest) return { finding: uuidv7(deps), version: 1 }
  return { finding: newest.finding, version: newest.version + 1, prev: encodeBase64url(newest.record_id) }
}
