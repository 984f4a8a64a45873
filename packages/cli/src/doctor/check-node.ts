import { bearer, type Client, createClient } from '@concordance/client'
import { parseCheckpointUnsafe } from '@concordance/log'
import { api, type PeerSyncView, verifyNodeDocument } from '@concordance/protocol'
import type { Address } from '../connection.ts'
import { type Context, dataDirOf } from '../context.ts'
import { findNodeFile, findOwnPin } from '../node-file.ts'
import { attempt, type Finding, fail, ok, warn } from './finding.ts'

const timeoutMs = 5000
/** A quiet log signs again every 6 hours; an hour more is late. */
const freshForSeconds = 7 * 3600

/** The running node: alive, ready, who it says it is, its log, its token, its peers. */
export async function checkNode(context: Context, { url, token }: Address): Promise<Finding[]> {
  const authorize = token === undefined ? {} : { authorize: bearer(token) }
  const client = createClient({ baseUrl: url, timeoutMs, retries: 0, ...authorize })
  try {
    const alive = await checkAlive(client)
    if (alive.state === 'fail') return [alive]
    const answers = await Promise.all([checkReady(client), checkIdentity(context, client), checkLog(client)])
    const asPerson = token === undefined ? [noToken] : await checkPeers(client)
    return [alive, ...answers, await checkBaseUrl(context), ...asPerson]
  } finally {
    await client.close()
  }
}

const noToken = warn(
  'token',
  'no API token was found, so the peers are not checked',
  '`concordance token new me --scope read --save`, or set CONCORDANCE_TOKEN',
)

function checkAlive(client: Client): Promise<Finding> {
  return attempt('node', 'start it with `concordance serve`', async () => {
    await client.call(api.getLiveness, {})
    return ok('node', `answers at ${client.baseUrl}`)
  })
}

function checkReady(client: Client): Promise<Finding> {
  return attempt('ready', 'see the log of the node', async () => {
    const { log } = await client.call(api.getReadiness, {})
    return log === 'confirmed'
      ? ok('ready', 'reads and publishes')
      : fail(
          'ready',
          'the log is not confirmed: nothing is published',
          'wait for a peer, or `concordance log confirm --help`',
        )
  })
}

function checkIdentity(context: Context, client: Client): Promise<Finding> {
  return attempt('identity', 'check that --url names the node of this data folder', async () => {
    const dataDir = dataDirOf(context)
    const pin = findOwnPin(dataDir)
    const iss = findNodeFile(dataDir)?.entityId
    const compact = await client.call(api.getNodeDocument, {})
    if (pin === undefined || iss === undefined)
      return ok('identity', 'not compared: there are no keys in the data folder')
    const { document } = verifyNodeDocument(compact, { pin, iss })
    return ok('identity', `${document.iss}, signed under the root ${pin}`)
  })
}

function checkLog(client: Client): Promise<Finding> {
  return attempt('log', 'see the log of the node', async () => {
    const { checkpoint } = await client.call(api.getCheckpoint, {})
    const { size, iat } = parseCheckpointUnsafe(checkpoint).checkpoint
    const ageSeconds = Math.floor(Date.now() / 1000) - iat
    const detail = `${size} entries, signed ${Math.max(0, Math.round(ageSeconds / 60))} minutes ago`
    if (ageSeconds < -30)
      return fail('log', 'its newest checkpoint is of the future', 'set the clock of this machine by NTP')
    return ageSeconds > freshForSeconds
      ? warn('log', detail, 'check that a worker runs: a quiet log signs every 6 hours')
      : ok('log', detail)
  })
}

/** What peers will do: ask at the base URL, and find this institute there. Nobody needs it before there is a peer. */
async function checkBaseUrl(context: Context): Promise<Finding> {
  const { baseUrl, peers = [] } = findNodeFile(dataDirOf(context)) ?? {}
  if (baseUrl === undefined) return ok('base url', 'not compared: there is no configuration in the data folder')
  const remedy = 'check DNS, the proxy and its certificate; peers reach the node only there'
  const finding = await attempt('base url', remedy, () => askBaseUrl(baseUrl))
  if (finding.state !== 'fail' || peers.length > 0) return finding
  return warn('base url', `${baseUrl} does not answer: ${finding.detail}`, `before the first peer, ${remedy}`)
}

async function askBaseUrl(baseUrl: string): Promise<Finding> {
  const client = createClient({ baseUrl, timeoutMs, retries: 0 })
  try {
    await client.call(api.getNodeDocument, {})
    return ok('base url', `${baseUrl} answers`)
  } finally {
    await client.close()
  }
}

async function checkPeers(client: Client): Promise<Finding[]> {
  try {
    const { items } = await client.call(api.listPeerSync, {})
    if (items.length === 0)
      return [
        ok('token', 'works'),
        warn('peers', 'none: a node alone is an archive', 'add one under "peers" in node.json'),
      ]
    return [ok('token', 'works'), ...items.map(findingOf)]
  } catch (error) {
    return [
      fail('token', (error as Error).message, 'issue a new one with `concordance token new NAME --scope read --save`'),
    ]
  }
}

function findingOf({ iss, state, reason, size, lastError, lastSyncedAt }: PeerSyncView): Finding {
  const check = `peer ${iss}`
  if (state === 'frozen')
    return fail(
      check,
      `frozen (${reason ?? 'its signatures contradict each other'})`,
      'see `concordance evidence list`, then call the institute',
    )
  if (state !== 'following')
    return fail(
      check,
      `${state} (${reason ?? 'no reason given'})`,
      'call its operator; `concordance sync now` tries again',
    )
  if (lastError !== undefined)
    return warn(
      check,
      `${size} entries verified; last try: ${lastError}`,
      `check that it is up; \`concordance sync now --peer ${iss}\``,
    )
  return ok(check, `${size} entries verified, last at ${lastSyncedAt ?? 'no time yet'}`)
}
