import type { Deps } from '@concordance/exchange'
import { emptyFrontier, extendFrontier, type Hash, rootOf } from '@concordance/log'
import type { Answer } from '../../services/node/test/support/send.ts'
import type { World } from './world.ts'

/** Name of every hash over consecutive leaves of a log that a proof or a checkpoint may hold, by the hash. */
export interface LogHashes {
  readonly names: ReadonlyMap<string, string>
}

/** Of a coverage statement: over a salt that is random for each page and that its peer alone is given. */
const salted = /"openedDigest":"[\w-]{43}"(?=.*"peer":)/g

/**
 * What two worlds cannot have in common, because their leaves differ, and what belongs to one request alone. Everything
 * else in an answer is compared as it came.
 */
const differences: readonly { readonly what: string; readonly pattern: RegExp; readonly as: Replace }[] = [
  { what: 'id of the request', pattern: /"instance":"urn:uuid:[0-9a-f-]{36}"/g, as: () => '"instance":"one request"' },
  { what: 'id of a search', pattern: /"queryId":"[0-9a-f-]{36}"/g, as: () => '"queryId":"one search"' },
  { what: 'time a search took', pattern: /"tookMs":\d+/g, as: () => '"tookMs":0' },
  { what: 'time of the machine', pattern: /"lastSyncedAt":"[\d-]+T[\d:.]+Z"/g, as: () => '"lastSyncedAt":"then"' },
  { what: 'salt of a page', pattern: /"salt":"[\w-]{22}"(?=}\n)/g, as: () => '"salt":"one salt"' },
  { what: 'digest over the salt of a page', pattern: salted, as: () => '"openedDigest":"one digest"' },
  { what: 'signature over one of these', pattern: /[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{40,}/g, as: nameJws },
  { what: 'signature of a note over a root', pattern: /(?<=(\\n|\n)— \S+ )[A-Za-z0-9+/]+=*/g, as: () => 'signature' },
  {
    what: 'root, leaf or subtree (base64url)',
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g,
    as: nameHash,
  },
  { what: 'root, leaf or subtree (base64)', pattern: /(?<=\\n|\n)[A-Za-z0-9+/]{43}=(?=\\n|\n)/g, as: nameHash },
]

type Replace = (found: string, names: Names) => string
type Names = (hash: string) => string | undefined

/** An answer as it is compared: status, headers and body, each hash of a log by what it is the hash of. */
export function plainly({ hashes }: World, { status, headers, text }: Answer, path: string): string {
  const { date: _, 'content-length': sent, ...others } = headers
  // A search says how long it took, which is one digit or more; to HEAD too, by its length.
  const length = path.startsWith('/v1/search') && status === 200 ? 'by the time it took' : sent
  const names: Names = (hash) => hashes.map((log) => log.names.get(hash)).find((name) => name !== undefined)
  const head = Object.entries({ ...others, 'content-length': length }).map(([name, value]) => `${name}: ${value}`)
  return [status, ...head.sort(), '', replaceAll(text, names)].join('\n')
}

function replaceAll(text: string, names: Names): string {
  return differences.reduce((plain, { pattern, as }) => plain.replaceAll(pattern, (found) => as(found, names)), text)
}

function nameHash(found: string, names: Names): string {
  return names(Buffer.from(found, 'base64').toString('base64url')) ?? found
}

/** A signed text that holds a root is compared by what it says, any other by its bytes. */
function nameJws(found: string, names: Names): string {
  const [header = '', payload = ''] = found.split('.')
  const said = Buffer.from(payload, 'base64url').toString('utf8')
  const plain = replaceAll(said, names)
  return plain === said ? found : `${header}.${plain}.signature`
}

export async function readHashes({ db }: Deps): Promise<LogHashes[]> {
  const logs = await db.selectFrom('log').select(['id', 'iss', 'size']).orderBy('is_own', 'desc').execute()
  return Promise.all(
    logs.map(async ({ id, iss, size }) => {
      const rows = await db
        .selectFrom('entry')
        .select('leaf_hash')
        .where('log', '=', id)
        .where('position', '<', size)
        .orderBy('position')
        .execute()
      return {
        names: nameAll(
          iss,
          rows.map(({ leaf_hash }) => leaf_hash),
        ),
      }
    }),
  )
}

/** Every range that begins at a multiple of its width, rounded up to a power of two: proofs have no others. */
function nameAll(iss: string, leaves: readonly Hash[]): Map<string, string> {
  const names = new Map<string, string>()
  for (let from = 0; from < leaves.length; from++) {
    const widest = from === 0 ? leaves.length : from & -from
    for (let to = from + 1; to <= Math.min(from + widest, leaves.length); to++) {
      const root = rootOf(extendFrontier(emptyFrontier, leaves.slice(from, to)))
      names.set(Buffer.from(root).toString('base64url'), `hash of [${from}, ${to}) of ${iss}`)
    }
  }
  return names
}
