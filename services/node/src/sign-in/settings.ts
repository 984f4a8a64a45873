import { readFileSync, statSync } from 'node:fs'
import { parsePeerUrl } from '@concordance/client'
import type { Role } from '@concordance/protocol'
import type { NodeFile } from '../node-file.ts'
import type { ProviderAlgorithm } from './provider-keys.ts'

/** How people of this institute sign in: its OpenID provider, and what the claims of that provider mean here. */
export interface PeopleConfig {
  /** Exactly as the provider writes it. */
  readonly issuer: string
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret?: string
  /** Asked for at sign-in; `openid` among them. */
  readonly scope: string
  /** The one algorithm the provider signs with. */
  readonly algorithm: ProviderAlgorithm
  /** What access tokens (RFC 9068) for this node have as `aud`; absent, none is accepted. */
  readonly audience?: string
  /** Longest life of an access token. */
  readonly tokenLifetimeMs: number
  /** The claim that roles and staff are read from, in ID tokens and access tokens. */
  readonly rolesClaim: string
  /** What each value of that claim gives. */
  readonly roles: ReadonlyMap<string, readonly Role[]>
  /** Values of that claim of which one makes somebody staff. */
  readonly staff: ReadonlySet<string>
  readonly idleMs: number
  readonly absoluteMs: number
  readonly insecureLoopback?: boolean
  readonly allowCidrs?: readonly string[]
}

const minuteMs = 60_000
const othersMayRead = 0o077

/** Claims that whoever has an account may choose, or that are given to another person later. */
const unfit = ['email', 'name', 'nickname', 'preferred_username', 'upn', 'sub', 'iss', 'aud']

/** What stands in `node.json` as one value. @param problems Gets everything that is wrong. */
export function readPeople(
  people: NonNullable<NodeFile['people']>,
  isOnLoopback: boolean,
  problems: string[],
): PeopleConfig {
  const { issuer, clientId, rolesClaim, audience, allowCidrs, insecureLoopback = false } = people
  try {
    parsePeerUrl(issuer, insecureLoopback)
  } catch (error) {
    problems.push(`people.issuer: ${(error as Error).message}`)
  }
  if (insecureLoopback && !isOnLoopback) problems.push('people.insecureLoopback needs a node that listens on loopback')
  if (unfit.includes(rolesClaim))
    problems.push(`people.rolesClaim: ${rolesClaim} says who somebody is, not what they may do`)
  const clientSecret = people.clientSecretFile && readSecret(people.clientSecretFile, problems)
  return {
    issuer,
    clientId,
    ...(clientSecret && { clientSecret }),
    scope: ['openid', ...(people.scopes ?? [])].join(' '),
    algorithm: people.algorithm ?? 'RS256',
    ...(audience !== undefined && { audience }),
    tokenLifetimeMs: (people.tokenMinutes ?? 60) * minuteMs,
    rolesClaim,
    roles: new Map(Object.entries(people.roles)),
    staff: new Set(people.staff),
    idleMs: (people.idleMinutes ?? 60) * minuteMs,
    absoluteMs: (people.sessionHours ?? 12) * 60 * minuteMs,
    insecureLoopback,
    ...(allowCidrs && { allowCidrs }),
  }
}

function readSecret(path: string, problems: string[]): string | undefined {
  try {
    if ((statSync(path).mode & othersMayRead) !== 0)
      problems.push(`people.clientSecretFile: ${path} is open to other users`)
    const secret = readFileSync(path, 'utf8').trim()
    if (secret === '') problems.push(`people.clientSecretFile: ${path} is empty`)
    return secret
  } catch {
    problems.push(`people.clientSecretFile: ${path} cannot be read`)
    return undefined
  }
}
