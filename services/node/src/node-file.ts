import { readFileSync } from 'node:fs'
import { parseJson } from '@concordance/protocol'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/schema'
import { providerAlgorithms } from './sign-in/provider-keys.ts'

const closed = { additionalProperties: false } as const
const Rate = Type.Optional(Type.Integer({ minimum: 1 }))
const Questions = Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 }))
const Port = Type.Integer({ minimum: 0, maximum: 65_535 })

const PeerSettings = Type.Object(
  {
    iss: Type.String(),
    baseUrl: Type.String(),
    pin: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    insecureLoopback: Type.Optional(Type.Boolean()),
    /** Highest label this institute is given. */
    ceiling: Type.Optional(Type.Enum(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT'])),
    allowCidrs: Type.Optional(Type.Array(Type.String())),
  },
  closed,
)

const ProviderRole = Type.Enum(['reader', 'author', 'reviewer', 'publisher', 'operator'])

/** See `PeopleConfig`. */
const PeopleSettings = Type.Object(
  {
    issuer: Type.String(),
    clientId: Type.String({ minLength: 1 }),
    clientSecretFile: Type.Optional(Type.String({ minLength: 1 })),
    scopes: Type.Optional(Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]+$' }))),
    algorithm: Type.Optional(Type.Enum([...providerAlgorithms])),
    audience: Type.Optional(Type.String({ minLength: 1 })),
    tokenMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_440 })),
    rolesClaim: Type.String({ minLength: 1 }),
    roles: Type.Record(Type.String(), Type.Array(ProviderRole)),
    staff: Type.Array(Type.String()),
    idleMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_440 })),
    sessionHours: Type.Optional(Type.Integer({ minimum: 1, maximum: 168 })),
    insecureLoopback: Type.Optional(Type.Boolean()),
    allowCidrs: Type.Optional(Type.Array(Type.String())),
  },
  closed,
)

/** `node.json` in the data folder. Closed: a misspelt setting is an error, not a default. */
export type NodeFile = Static<typeof NodeFile>
export const NodeFile = Type.Object(
  {
    entityId: Type.String(),
    baseUrl: Type.String(),
    name: Type.Optional(Type.Record(Type.String(), Type.String())),
    contact: Type.Optional(Type.String()),
    host: Type.Optional(Type.String({ minLength: 1 })),
    port: Type.Optional(Port),
    /** Absent, `serve` runs an embedded PostgreSQL inside the data folder. */
    databaseUrl: Type.Optional(Type.String()),
    peers: Type.Optional(Type.Array(PeerSettings)),
    /** Highest label that is taken in from others. */
    accepts: Type.Optional(Type.Enum(['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT'])),
    /** The institute's provider; absent, people and programs have API tokens alone. */
    people: Type.Optional(PeopleSettings),
    /** Requests a minute; see `RateLimits`. */
    rates: Type.Optional(
      Type.Object({ address: Rate, public: Rate, peer: Rate, person: Rate, federated: Rate, export: Rate }, closed),
    ),
    /** How live searches are answered, and how often one may ask; see `SearchSettings`. */
    search: Type.Optional(
      Type.Object(
        {
          granularity: Type.Optional(Type.Enum(['none', 'boolean', 'count', 'summary', 'full'])),
          questionsAnHour: Type.Optional(Type.Object({ peer: Questions, person: Questions }, closed)),
        },
        closed,
      ),
    ),
    /** `immediate` where absent; see `SealingInterval`. */
    sealing: Type.Optional(
      Type.Union([
        Type.Literal('immediate'),
        Type.Object(
          {
            every: Type.Integer({ minimum: 1, maximum: 18_000 }),
            leaves: Type.Integer({ minimum: 1, maximum: 4_096 }),
          },
          closed,
        ),
      ]),
    ),
    compareEverySeconds: Type.Optional(Type.Number({ minimum: 1 })),
    /** Metrics and probes for the operator, on a port of their own; not served where absent. */
    operations: Type.Optional(Type.Object({ host: Type.Optional(Type.String({ minLength: 1 })), port: Port }, closed)),
    /** Addresses or networks of our own proxies, whose `X-Forwarded-For` counts. */
    trustedProxies: Type.Optional(Type.Array(Type.String())),
  },
  closed,
)

const compiled = Compile(NodeFile)
const bytesAtMost = 1_048_576

/** @param problems Gets everything that is wrong with the file. @returns an empty one then. */
export function readNodeFile(path: string, problems: string[]): NodeFile {
  const found = parseFile(path, problems)
  if (found === undefined) return { entityId: '', baseUrl: '' }
  if (compiled.Check(found)) return found
  const [, errors] = compiled.Errors(found)
  for (const { instancePath, message, params } of errors) {
    const names = Object.values(params).flat().join(', ')
    problems.push(`${path} ${instancePath || '/'}: ${message}${names ? ` (${names})` : ''}`)
  }
  return { entityId: '', baseUrl: '' }
}

function parseFile(path: string, problems: string[]): unknown {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    problems.push(`${path} cannot be read: run \`concordance init\``)
    return undefined
  }
  try {
    return parseJson(bytes, { maxBytes: bytesAtMost })
  } catch {
    problems.push(`${path} is not JSON`)
    return undefined
  }
}
