import { readFileSync } from 'node:fs'
import { parseJson } from '@concordance/protocol'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const closed = { additionalProperties: false } as const
const Rate = Type.Optional(Type.Integer({ minimum: 1 }))
const Port = Type.Integer({ minimum: 0, maximum: 65_535 })

const PeerSettings = Type.Object(
  {
    iss: Type.String(),
    baseUrl: Type.String(),
    pin: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
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
    /** Requests a minute; see `RateLimits`. */
    rates: Type.Optional(
      Type.Object({ address: Rate, public: Rate, peer: Rate, person: Rate, federated: Rate }, closed),
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
  for (const { instancePath, message, params } of compiled.Errors(found)) {
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
