import {
  type Coverage,
  decodeBase64url,
  encodeBase64url,
  getKey,
  type Keyset,
  leafHashOf,
  leafInputOf,
  limits,
  parseStatementUnsafe,
  positionsDigest,
  type Statement,
  verifyCompact,
  verifyCoverage,
  verifyKeyset,
} from '@concordance/protocol'
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import { rootOfLeaves } from './frontier.ts'
import { type Hash, hashBytes } from './hash.ts'
import { listVerifiedKeysets, verifyKeysetChain } from './keyset-chain.ts'
import { verifyInclusion } from './verify-proof.ts'

type Bundle<Kind extends string, Parts> = {
  readonly v: 1
  readonly kind: Kind
  /** Entity id of the institute that contradicted itself. */
  readonly iss: string
  readonly origin: string
  /** Its keyset documents (compact JWS), the chain from the first. */
  readonly keysets: readonly string[]
} & Parts

/** What one coverage statement said, with the positions behind its `commonDigest`. */
export type CoverageWitness = { readonly coverage: string; readonly common: readonly number[] }

/** Evidence made of an institute's own signatures: it convinces whoever trusts the pinned root, whoever shows it. */
export type MisconductBundle =
  /** Two checkpoints of one size. */
  | Bundle<'two-roots', { readonly checkpoints: readonly [string, string] }>
  /** A later checkpoint of a smaller size. */
  | Bundle<'rollback', { readonly checkpoints: readonly [string, string] }>
  /** Leaves that hash to the larger checkpoint while their beginning does not hash to the smaller one. */
  | Bundle<'not-append-only', { readonly checkpoints: readonly [string, string]; readonly leaves: readonly string[] }>
  /** Two statements for one version of one finding. */
  | Bundle<'two-records-for-one-version', { readonly statements: readonly [string, string] }>
  /** Two root-signed keyset documents of one sequence number. */
  | Bundle<'two-keysets', { readonly documents: readonly [string, string] }>
  /** Two peers were told different things about the positions that every peer must be given. */
  | Bundle<'contradicted-coverage', { readonly accused: string; readonly witness: readonly CoverageWitness[] }>
  /** The first statement names an entry as narrowed; the second, of a log that held the same, does not. */
  | Bundle<'contradicted-narrowing', { readonly coverage: readonly [string, string] }>
  /** A statement names an entry as narrowed by a record that is no marking record for it, nor for what it is about. */
  | Bundle<'false-narrowing', FalseNarrowing>

/** Proofs lead from the leaves to the root of the checkpoint. */
export type FalseNarrowing = {
  readonly coverage: string
  readonly checkpoint: string
  /**
   * The entry that is said to be narrowed: leaf and proof, base64url, and its statement, which only a marking record can do
   * without: another entry may be about the record that it narrowed.
   */
  readonly target: {
    readonly position: number
    readonly leaf: string
    readonly hashes: readonly string[]
    readonly statement?: string
  }
  /** The record that is said to have narrowed it. */
  readonly by: { readonly position: number; readonly statement: string; readonly hashes: readonly string[] }
}

export interface Misconduct {
  readonly kind: MisconductBundle['kind']
  readonly iss: string
  /** What is proven, in one sentence. */
  readonly sentence: string
}

/**
 * Verifies evidence offline, trusting only the pinned root thumbprint of the accused.
 *
 * @param pin RFC 7638 thumbprint of the accused institute's first root key.
 * @throws {LogError} `EVIDENCE` when the bundle proves nothing; ProtocolError when a signature in it does not verify.
 */
export function verifyMisconduct(value: unknown, pin: string): Misconduct {
  const bundle = readBundle(value)
  const sentence = verifyKind(bundle, pin)
  return { kind: bundle.kind, iss: bundle.iss, sentence }
}

function verifyKind(bundle: MisconductBundle, pin: string): string {
  const keyset = verifyKeysetChain(bundle.keysets, { iss: bundle.iss, pin })
  if (keyset.document.origin !== bundle.origin) throw nothing('the keyset is of another log')
  switch (bundle.kind) {
    case 'two-roots':
      return verifyTwoRoots(readCheckpoints(bundle, keyset))
    case 'rollback':
      return verifyRollback(readCheckpoints(bundle, keyset))
    case 'not-append-only':
      return verifyRewrite(readCheckpoints(bundle, keyset), bundle.leaves)
    case 'two-records-for-one-version':
      return verifyTwoRecords(bundle, keyset)
    case 'two-keysets':
      return verifyTwoKeysets(bundle, pin)
    case 'contradicted-coverage':
      return verifyContradictedCoverage(bundle, keyset)
    case 'contradicted-narrowing':
      return verifyContradictedNarrowing(bundle, keyset)
    case 'false-narrowing':
      return verifyFalseNarrowing(bundle, keyset)
  }
}

function verifyTwoRoots([a, b]: readonly [Checkpoint, Checkpoint]): string {
  if (a.size !== b.size || a.root === b.root) throw nothing('the checkpoints do not give two roots to one size')
  return `${a.iss} signed two different logs of size ${a.size}`
}

function verifyRollback([a, b]: readonly [Checkpoint, Checkpoint]): string {
  const [earlier, later] = a.iat <= b.iat ? [a, b] : [b, a]
  if (earlier.iat === later.iat || later.size >= earlier.size) throw nothing('the later checkpoint is not smaller')
  return `${a.iss} signed a log of size ${earlier.size} and later one of size ${later.size}`
}

function verifyRewrite([a, b]: readonly [Checkpoint, Checkpoint], leaves: readonly string[]): string {
  const [smaller, larger] = a.size <= b.size ? [a, b] : [b, a]
  if (leaves.length !== larger.size) throw nothing('the leaves are not those of the larger checkpoint')
  const hashes = leaves.map(parseLeaf)
  if (encodeBase64url(rootOfLeaves(hashes)) !== larger.root) throw nothing('the leaves do not give the larger root')
  const prefix = encodeBase64url(rootOfLeaves(hashes.slice(0, smaller.size)))
  if (prefix === smaller.root) throw nothing('the larger log begins with the smaller one')
  return `${a.iss} signed a log of size ${larger.size} that does not begin with the one of size ${smaller.size} it had signed`
}

function parseLeaf(leaf: string): Hash {
  const bytes = decodeBase64url(leaf)
  if (bytes.length !== hashBytes) throw nothing('a leaf is not a hash')
  return bytes
}

type TwoRecords = Extract<MisconductBundle, { kind: 'two-records-for-one-version' }>

function verifyTwoRecords(bundle: TwoRecords, keyset: Keyset): string {
  const [a, b] = bundle.statements.map((compact) => {
    const parsed = parseStatementUnsafe(compact)
    if (parsed.statement.iss !== bundle.iss || parsed.statement.log !== bundle.origin) throw nothing('of another log')
    verifyCompact(parsed.jws, getListedKey(keyset, parsed.jws.header.kid))
    return parsed
  })
  if (!a || !b) throw nothing('there are no two statements')
  const { finding, version } = a.statement
  if (b.statement.finding !== finding || b.statement.version !== version) throw nothing('they are of two versions')
  if (isSameSigned(a.compact, b.compact)) throw nothing('they say the same')
  return `${bundle.iss} signed two records for version ${version} of finding ${finding}`
}

/** Whether the key was still good matters not: two signatures by it are the institute's own all the same. */
function getListedKey(keyset: Keyset, kid: string) {
  const entry = keyset.document.keys.find(
    ({ purpose, from }) => purpose === 'record' && keyset.findKey(kid, purpose, from),
  )
  return getKey(keyset, kid, 'record', entry?.from)
}

type TwoKeysets = Extract<MisconductBundle, { kind: 'two-keysets' }>

function verifyTwoKeysets({ iss, keysets, documents }: TwoKeysets, pin: string): string {
  const chain = listVerifiedKeysets(keysets, { iss, pin })
  const [a, b] = documents.map((document) => getLink(document, chain, { iss, pin }))
  if (!a || !b) throw nothing('there are no two documents')
  if (a.document.seq !== b.document.seq) throw nothing('they do not share a number')
  if (isSameSigned(a.compact, b.compact)) throw nothing('they say the same')
  return `${iss} signed two keyset documents number ${a.document.seq}`
}

/** A document that the pinned root signed, or one that follows a link of the chain. */
function getLink(document: string, chain: readonly Keyset[], trust: { iss: string; pin: string }): Keyset {
  for (const previous of [undefined, ...chain]) {
    try {
      return verifyKeyset(document, previous ? { ...trust, previous } : trust)
    } catch {
      // It does not follow this link; another one, or none, decides.
    }
  }
  throw nothing('a document is not signed by a root of the institute')
}

/**
 * Whether two messages have one payload. Their signatures, and with them their digests, may still differ: whoever signs one
 * text twice with ES256 has two signatures, and is not accused of that.
 */
function isSameSigned(a: string, b: string): boolean {
  return a.split('.')[1] === b.split('.')[1]
}

type ContradictedCoverage = Extract<MisconductBundle, { kind: 'contradicted-coverage' }>

function verifyContradictedCoverage({ accused: compact, witness }: ContradictedCoverage, keyset: Keyset): string {
  const accused = verifyCoverage(compact, keyset)
  if (accused.from === accused.to) throw nothing('the statement speaks of no position')
  const given = witness.map(({ coverage, common }) => ({ ...verifyPositions(coverage, common, keyset), common }))
  // What was narrowed is not named to a peer that is given CLEAR alone, so that two such statements may differ.
  if ([accused, ...given].some(isLimited)) throw nothing('a statement is not over everything that is for every peer')
  let covered = accused.from
  for (const { from, to } of given.toSorted((a, b) => a.from - b.from)) {
    if (from <= covered) covered = Math.max(covered, to)
  }
  if (covered < accused.to) throw nothing('the witness does not speak of every position')
  const told = new Set(given.flatMap(({ common }) => common))
  const inRange = [...told].filter((position) => position >= accused.from && position < accused.to)
  const lines = inRange.sort((a, b) => a - b).map((position) => ({ position }))
  if (positionsDigest(lines) === accused.commonDigest) throw nothing('both were told the same')
  return `${accused.iss} signed contradicting statements on what every peer is given of positions ${accused.from} to ${accused.to - 1}`
}

function isLimited({ ceiling }: Coverage): boolean {
  return ceiling !== undefined
}

type ContradictedNarrowing = Extract<MisconductBundle, { kind: 'contradicted-narrowing' }>

function verifyContradictedNarrowing({ iss, coverage }: ContradictedNarrowing, keyset: Keyset): string {
  const [naming, silent] = coverage.map((compact) => verifyCoverage(compact, keyset))
  if (!naming || !silent) throw nothing('there are no two statements')
  const denied = findDenied(naming, silent)
  if (!denied) throw nothing('both name the same entries')
  return `${iss} named position ${denied.position} as narrowed by ${denied.by} in one statement and not in another`
}

/** An entry that one statement names as narrowed, and that the other had to name too: for ever, to everybody. */
export function findDenied(naming: Coverage, silent: Coverage): NarrowedEntry | undefined {
  if (isLimited(silent)) return undefined
  return naming.narrowed?.find(
    ({ position, by }) =>
      silent.from <= position &&
      position < silent.to &&
      by < silent.size &&
      !silent.narrowed?.some((named) => named.position === position && named.by === by),
  )
}

type NarrowedEntry = NonNullable<Coverage['narrowed']>[number]

function verifyFalseNarrowing(bundle: FalseNarrowing & { readonly iss: string }, keyset: Keyset): string {
  const { iss, target, by } = bundle
  const coverage = verifyCoverage(bundle.coverage, keyset)
  const isNamed = coverage.narrowed?.some((named) => named.position === target.position && named.by === by.position)
  if (!isNamed) throw nothing('the statement does not say so')
  const { size, root } = verifyCheckpoint(bundle.checkpoint, keyset)
  const tree = { size, root: decodeBase64url(root) }
  verifyInclusion(parseLeaf(target.leaf), target.position, target.hashes.map(decodeBase64url), tree)
  // The leaf commits to the exact statement, so its own signature has nothing to add.
  const { statement, recordId } = parseStatementUnsafe(by.statement)
  verifyInclusion(leafOf(recordId), by.position, by.hashes.map(decodeBase64url), tree)
  refuseNarrowing(statement, target)
  return `${iss} signed that position ${target.position} was narrowed by position ${by.position}, which says nothing of the kind`
}

/** @throws {LogError} where the record narrows the entry, or may. */
function refuseNarrowing(by: Statement, { leaf, statement: compact }: FalseNarrowing['target']): void {
  if (by.type !== 'marking') return
  if (isAbout(by, leaf)) throw nothing('it is a marking record for the entry')
  if (compact === undefined) throw nothing('the entry may be about what the marking record is for')
  const { statement, recordId } = parseStatementUnsafe(compact)
  if (encodeBase64url(leafOf(recordId)) !== leaf) throw nothing('the statement is of another entry')
  const subjects = by.rel.filter(isControl).flatMap(({ target }) => ('record' in target ? [leafOf(target.record)] : []))
  if (subjects.some((subject) => isAbout(statement, encodeBase64url(subject)))) {
    throw nothing('the entry is about what the marking record is for')
  }
}

/** Whether it is a marking record or a withdrawal for the entry of this leaf. */
function isAbout({ rel }: Statement, leaf: string): boolean {
  return rel
    .filter(isControl)
    .some(({ target }) => 'record' in target && encodeBase64url(leafOf(target.record)) === leaf)
}

function isControl({ kind }: Statement['rel'][number]): boolean {
  return kind === 'remarks' || kind === 'withdraws'
}

function leafOf(recordId: string): Hash {
  return leafHashOf(leafInputOf(recordId))
}

/** A coverage statement, with proof that it is about these positions. */
function verifyPositions(compact: string, common: readonly number[], keyset: Keyset): Coverage {
  const coverage = verifyCoverage(compact, keyset)
  const ascending = common.every((position, i) => i === 0 || position > (common[i - 1] as number))
  const within = common.every((position) => position >= coverage.from && position < coverage.to)
  if (!ascending || !within) throw nothing('the positions are not those of the statement')
  if (positionsDigest(common.map((position) => ({ position }))) !== coverage.commonDigest) {
    throw nothing('the positions are not those the statement commits to')
  }
  return coverage
}

function readCheckpoints(
  bundle: Extract<MisconductBundle, { readonly checkpoints: readonly [string, string] }>,
  keyset: Keyset,
): [Checkpoint, Checkpoint] {
  const [a, b] = bundle.checkpoints.map((compact) => verifyCheckpoint(compact, keyset))
  if (!a || !b) throw nothing('there are no two checkpoints')
  return [a, b]
}

/** More than one institute will ever need; every one costs a signature check. */
const keysetsAtMost = 1_000
const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
const isPair = (value: unknown) => isTexts(value) && (value as unknown[]).length === 2
const isChain = (value: unknown) => isTexts(value) && (value as unknown[]).length <= keysetsAtMost
const isWitness = (value: unknown) =>
  Array.isArray(value) &&
  value.length <= limits.pageEntries &&
  value.every((item) => isText(item?.coverage) && Array.isArray(item.common) && item.common.every(Number.isSafeInteger))

const isProven = (value: unknown, part: 'leaf' | 'statement') => {
  const proven = value as Record<string, unknown> | null
  if (proven?.statement !== undefined && !isText(proven.statement)) return false
  return Number.isSafeInteger(proven?.position) && isText(proven?.[part]) && isTexts(proven?.hashes)
}

/** Which parts a bundle of each kind has, and of which form. */
const partsOf: Record<MisconductBundle['kind'], Record<string, (value: unknown) => boolean>> = {
  'two-roots': { checkpoints: isPair },
  rollback: { checkpoints: isPair },
  'not-append-only': { checkpoints: isPair, leaves: isTexts },
  'two-records-for-one-version': { statements: isPair },
  'two-keysets': { documents: isPair },
  'contradicted-coverage': { accused: isText, witness: isWitness },
  'contradicted-narrowing': { coverage: isPair },
  'false-narrowing': {
    coverage: isText,
    checkpoint: isText,
    target: (value) => isProven(value, 'leaf'),
    by: (value) => isProven(value, 'statement'),
  },
}

function readBundle(value: unknown): MisconductBundle {
  const bundle = value as Record<string, unknown> | null
  if (typeof bundle !== 'object' || bundle === null || bundle.v !== 1) throw nothing('it is not a bundle of version 1')
  const { kind } = bundle
  if (typeof kind !== 'string' || !Object.hasOwn(partsOf, kind)) throw nothing('its kind is not known')
  const parts = { iss: isText, origin: isText, keysets: isChain, ...partsOf[kind as MisconductBundle['kind']] }
  for (const [part, isWhole] of Object.entries(parts)) {
    if (!isWhole(bundle[part])) throw nothing(`it lacks ${part}`)
  }
  return bundle as MisconductBundle
}

function nothing(why: string): LogError {
  return new LogError('EVIDENCE', `this proves nothing: ${why}`)
}
