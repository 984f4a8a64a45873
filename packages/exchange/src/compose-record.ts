import {
  type EncodedBody,
  encodeBase64url,
  encodeBody,
  findRecordType,
  type JsonObject,
  ProtocolError,
  parseMarking,
  type RecordInput,
  type SignedStatement,
  type Statement,
  signStatement,
} from '@concordance/protocol'
import type { Deps } from './deps.ts'
import { ExchangeError, type ExchangeErrorCode } from './error.ts'
import { type SubjectSecret, settleSubject } from './settle-subject.ts'

/** Everything a person decides about a record, and its place among the versions of its finding. */
export type Composition = Pick<RecordInput, 'type' | 'lang' | 'mark' | 'content' | 'rel'> & {
  readonly finding: string
  readonly version: number
  /** Record id of the version before; absent exactly where `version` is 1. */
  readonly prev?: string | undefined
}

/**
 * Turns people's work into a signed record, held to every rule a receiver would hold it to. Nothing is stored.
 *
 * @throws {ExchangeError} `invalid`, `marking-invalid`, `too-large`, `statement-too-large`.
 */
export async function composeRecord(
  deps: Deps,
  composition: Composition,
): Promise<{ signed: SignedStatement; body: string | undefined; subjectSecret?: SubjectSecret }> {
  return asExchangeErrors(async () => {
    const mark = parseMarking(composition.mark)
    const { content, ...secret } = await settleSubject(deps, composition)
    const settled = { ...composition, content }
    const body = bodyOf(deps, settled)
    const statement = statementOf(deps, settled, mark, body)
    checkRules(settled, statement)
    return { signed: await signing(signStatement(statement, deps.signers.record)), body: body.text, ...secret }
  })
}

/** What people found: everything else has ways of its own. @throws {ExchangeError} `invalid`. */
export function requireContentType(type: string): void {
  if (findRecordType(type)?.kind !== 'content') throw notThisWay()
}

/** What people write as drafts: content, and who may see it. Keys and withdrawals have ways of their own. @throws {ExchangeError} `invalid`. */
export function requireWritableType(type: string): void {
  if (type !== 'marking' && type !== 'group') requireContentType(type)
}

function notThisWay(): ExchangeError {
  return new ExchangeError('invalid', 'records of this type cannot be published this way', {
    errors: [{ pointer: '/type', detail: 'is not a type of content in this version' }],
  })
}

function bodyOf(deps: Deps, { type, content }: Composition): EncodedBody {
  const salt = encodeBase64url(deps.random(32))
  return encodeBody(type, content as JsonObject, { iss: deps.identity.iss, salt })
}

function statementOf(deps: Deps, record: Composition, mark: Statement['mark'], body: EncodedBody): Statement {
  const { type, finding, version, prev, lang, rel = [] } = record
  return {
    v: 1,
    iss: deps.identity.iss,
    log: deps.identity.origin,
    type,
    finding,
    version,
    ...(prev !== undefined && { prev }),
    iat: Math.floor(deps.now().getTime() / 1_000),
    nonce: encodeBase64url(deps.random(16)),
    mark,
    rel,
    lang,
    body: { digest: body.digest, size: body.size, type: body.mediaType },
  }
}

/** Rules between the body and the statement, which the schema of the body cannot know. */
function checkRules({ type, content }: Composition, statement: Statement): void {
  findRecordType(type)?.check?.(content, statement)
}

/** Says in this package's codes what the protocol refuses of people's work. */
export async function asExchangeErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw exchangeErrorOf(error, error.code === 'TOO_LARGE' ? 'too-large' : 'invalid')
  }
}

/** While signing, what is too large is the statement and not the body. */
function signing(signed: Promise<SignedStatement>): Promise<SignedStatement> {
  return signed.catch((error) => {
    if (error instanceof ProtocolError && error.code === 'TOO_LARGE')
      throw exchangeErrorOf(error, 'statement-too-large')
    throw error
  })
}

/** The protocol's messages name a place by JSON pointer and hold no content. */
function exchangeErrorOf(error: ProtocolError, code: ExchangeErrorCode): ExchangeError {
  const pointer = / (\/\S*)/.exec(error.message)?.[1]
  const root = error.code === 'MARKING' ? '/mark' : '/content'
  const errors =
    pointer === undefined
      ? []
      : [{ pointer: `${root}${pointer.replace(/:$/, '')}`.replace(/\/$/, ''), detail: error.message }]
  return new ExchangeError(error.code === 'MARKING' ? 'marking-invalid' : code, error.message, { cause: error, errors })
}
