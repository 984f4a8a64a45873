import { isIP } from 'node:net'
import { join } from 'node:path'
import { initNode, type NodeFile } from '@concordance/node'
import { originOf, parseEntityId } from '@concordance/protocol'
import { ask } from '../ask.ts'
import { type Context, dataDirOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { localize } from '../localize.ts'
import { findNodeFile } from '../node-file.ts'

export interface InitOptions {
  readonly entityId?: string
  readonly baseUrl?: string
  readonly name: readonly string[]
  readonly contact?: string
  readonly listen: string
  readonly database?: string
}

/** Asks for what was not given, where somebody is there to answer. */
export async function init(context: Context, options: InitOptions): Promise<void> {
  const { terminal } = context
  const dataDir = dataDirOf(context)
  if (findNodeFile(dataDir)) throw alreadyThere(dataDir)
  const entityId = entityIdOf(options.entityId ?? (await ask(context, 'entity id (https URL, kept for ever): ')))
  const baseUrl = options.baseUrl ?? entityId
  const database = options.database ?? (await askDatabase(context))
  const file: NodeFile = {
    entityId,
    baseUrl,
    ...(options.name.length === 0 ? {} : { name: localize(options.name) }),
    ...(options.contact === undefined ? {} : { contact: options.contact }),
    ...parseListen(options.listen),
    ...(database === 'embedded' ? {} : { databaseUrl: parseDatabase(database) }),
    peers: [],
  }
  const pin = await initNode(dataDir, file, new Date())
  const rootKey = join(dataDir, 'keys', 'root.jwk')
  terminal.give({ entityId, origin: originOf(entityId), baseUrl, pin, dataDir, rootKey }, () => [pin])
  if (terminal.json) return
  terminal.talk(`made ${entityId} in ${dataDir}. The line above is the thumbprint of its root key, the pin:`)
  terminal.talk('  tell it to your peers by voice or on paper, never by the network alone')
  terminal.talk(`  move ${rootKey} to a medium that is kept offline: the node never needs it`)
  terminal.talk('next: `concordance serve`, and in another terminal:')
  terminal.talk('  `concordance token new me --scope read,draft,publish,operate --save`')
}

function alreadyThere(dataDir: string): Failure {
  return new Failure({
    what: 'could not make the node',
    why: `there is one in ${dataDir}, whose keys are never overwritten`,
    remedy: 'run it with `concordance serve`, or name another folder with --data',
    code: 'conflict',
    exit: exitCodes.conflict,
  })
}

function entityIdOf(text: string): string {
  try {
    return parseEntityId(text.trim())
  } catch {
    const remedy = 'give an https URL under a name of your own, without query, user name or slash at its end'
    throw usageFailure(`${text} cannot be an entity id`, remedy, 'ISSUER')
  }
}

async function askDatabase(context: Context): Promise<string> {
  const answer = await ask(context, 'database (a postgres:// URL, or nothing for the embedded one): ')
  return answer.trim() || 'embedded'
}

function parseDatabase(text: string): string {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return text
  throw usageFailure('the database is neither `embedded` nor a postgres:// URL', 'see `concordance init --help`')
}

/** `host:port`, with brackets around an IPv6 address. @throws {Failure} as a wrong command line. */
export function parseListen(text: string): { host: string; port: number } {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const isHost = bracketed === undefined ? /^[A-Za-z0-9.-]+$/.test(host) : isIP(host) === 6
  if (isHost && Number(port) <= 65_535) return { host, port: Number(port) }
  throw usageFailure(`${text} is not host:port`, 'write --listen 127.0.0.1:8443')
}
