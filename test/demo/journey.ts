import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { verifyRecordProof } from '@concordance/log'
import { api, type Receipt, type RecordInput, recordIdOf } from '@concordance/protocol'
import pg from 'pg'
import { publishDraft, publishReviewed } from '../network/publish-reviewed.ts'
import type { Institute, Network } from '../network/start-network.ts'
import { showCircle } from './circle.ts'
import { importForDemo, inputOf } from './import-files.ts'
import { institutes, latecomer } from './institutes.ts'
import { listAll } from './memory.ts'
import { say } from './say.ts'

/** What the journey came to; `json` is the last line of `npm start -- --once`. */
export interface Counts {
  readonly held: boolean
  readonly json: {
    institutes: number
    imported: number
    refused: number
    published: number
    verifiedAtPeers: number
    withheldAtPeers: number
    missingAtPeers: number
    tamperCaught: boolean
    federatedHits: number
    reviewed: number
    groupOpenings: number
    revokedSeen: number
    embargoOpened: boolean
    readyMs: number
  }
}

interface Published {
  readonly institute: Institute
  readonly input: RecordInput
  readonly receipt: Receipt
}

/** Longest wait for anything that should take a second or two. */
const patienceMs = 60_000

export async function runJourney(
  network: Network,
  serverUrl: string,
  started: number,
  stopped: Promise<void>,
): Promise<Counts> {
  const abort = new AbortController()
  void stopped.then(() => abort.abort(new Error('stopped')))
  const last = network.institutes.at(-1) as Institute
  const others = network.institutes.filter((institute) => institute !== last)
  say(`the line to ${last.key} is cut for now: what it publishes reaches nobody yet`)
  for (const other of others) network.line(other.key, last.key).mode = { kind: 'cut' }

  const { published, imported, refused } = await publishEverything(network, abort.signal)
  const tamperCaught = await tamper(network, last, others, published, serverUrl)
  published.push(...(await correct(network, published)))
  say('waiting until every institute has verified the others’ logs to their end')
  await converge(network, abort.signal)
  const seen = await compareWithPeers(network, published)
  const readyMs = Math.round(performance.now() - started)
  say(
    `every peer holds what it may have: ${seen.verified} verified, ${seen.withheld} by hash only, ${seen.missing} missing`,
  )
  const late = await publishLate(network, abort.signal)
  published.push(late)
  const federatedHits = await searchEverywhere(network)
  await proveOffline(published)
  const final = await compareWithPeers(network, published)
  const { appended, ...circle } = await showCircle(network, (act) => keyOf(network.institutes[0] as Institute, act))
  const json = {
    institutes: network.institutes.length,
    imported,
    refused,
    published: published.length + appended,
    verifiedAtPeers: final.verified,
    withheldAtPeers: final.withheld,
    missingAtPeers: final.missing,
    tamperCaught,
    federatedHits,
    ...circle,
    readyMs,
  }
  const held =
    tamperCaught &&
    final.missing === 0 &&
    final.withheld >= 2 &&
    imported >= 20 &&
    published.length >= imported &&
    federatedHits > 0 &&
    circle.reviewed > 0 &&
    circle.groupOpenings > 0 &&
    circle.revokedSeen > 0 &&
    circle.embargoOpened
  return { held, json }
}

/** Imports the genuine files and publishes them together with what was entered by hand. */
async function publishEverything(network: Network, signal: AbortSignal) {
  const published: Published[] = []
  let imported = 0
  let refused = 0
  for (const spec of institutes) {
    const institute = network.institute(spec.key)
    const inputs: { input: RecordInput; key: string }[] = []
    for (const file of spec.files) {
      signal.throwIfAborted()
      const result = await importForDemo(spec, file)
      if (result.outcome === 'refused') {
        refused++
        say(`${spec.key}: ${file} refused: ${result.code}`)
        continue
      }
      imported += result.drafts.length
      inputs.push(...result.drafts.map((draft, index) => ({ input: inputOf(draft, index), key: `${file}#${index}` })))
      const warnings = new Set(result.warnings.map(({ code }) => code))
      say(
        `${spec.key}: ${file} → ${result.drafts.length} draft(s)${warnings.size > 0 ? `, warned: ${[...warnings].join(', ')}` : ''}`,
      )
    }
    inputs.push(...spec.records.map((input, index) => ({ input, key: `by-hand#${index}` })))
    for (const { input, key } of inputs) published.push(await publish(institute, input, key))
    say(`${spec.key}: ${inputs.length} records signed, appended and sealed`)
  }
  return { published, imported, refused }
}

/** The same key at every start: a journey that was cut short goes on and publishes nothing twice. */
async function publish(institute: Institute, input: RecordInput, key: string): Promise<Published> {
  const receipt = await publishReviewed(institute, input, keyOf(institute, key))
  return { institute, input, receipt }
}

function keyOf({ entityId }: Institute, act: string): string {
  return createHash('sha256').update(`demo ${entityId} ${act}`).digest('base64url')
}

/** Somebody with access to the database of one institute changes one stored byte; its peers must notice. */
async function tamper(
  network: Network,
  victim: Institute,
  others: readonly Institute[],
  published: readonly Published[],
  serverUrl: string,
): Promise<boolean> {
  const target = published.find(({ institute, input }) => institute === victim && input.mark.tlp === 'CLEAR')
  if (!target) throw new Error('there is nothing to tamper with')
  const flip = () => flipByte(serverUrl, victim, target.receipt.position)
  await flip()
  say(`${victim.key}: one byte of the stored body at position ${target.receipt.position} is changed behind its back`)
  for (const other of others) network.line(other.key, victim.key).mode = { kind: 'pass' }
  let caught = true
  for (const other of others) {
    const state = await syncFrom(other, victim)
    say(`${other.key}: ${victim.key} is ${state?.state} (${state?.reason ?? 'no reason'})`)
    caught &&= state?.state === 'unverifiable'
  }
  await flip()
  say(`${victim.key}: the byte is put back; its peers are asked to look again`)
  for (const other of others) caught &&= (await syncFrom(other, victim))?.state === 'following'
  return caught
}

async function flipByte(serverUrl: string, { databaseUrl }: Institute, position: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl || serverUrl })
  await client.connect()
  try {
    await client.query('begin; set local session_replication_role = replica') // switches the append-only triggers off
    await client.query(
      `update entry set body = set_byte(body, length(body) / 2, get_byte(body, length(body) / 2) # 1)
       where position = $1 and log = (select id from log where is_own)`,
      [position],
    )
    await client.query('commit')
  } finally {
    await client.end()
  }
}

async function syncFrom(at: Institute, peer: Institute) {
  const { items } = await at.client.call(api.syncNow, { body: { peer: peer.entityId }, timeoutMs: patienceMs })
  return items.find(({ iss }) => iss === peer.entityId)
}

/** One finding is revised and one withdrawn, as happens in any week. */
async function correct(network: Network, published: readonly Published[]): Promise<Published[]> {
  const [first, second] = network.institutes as [Institute, Institute]
  const revised = published.find(({ institute, input }) => institute === first && input.type === 'evaluation')
  const withdrawn = published.find(({ institute, input }) => institute === second && input.type === 'evaluation')
  if (!revised || !withdrawn) throw new Error('there is nothing to correct')
  const headers = (institute: Institute, act: string) => ({ 'idempotency-key': keyOf(institute, act) })
  const draft = await first.client.call(api.reviseFinding, {
    params: { finding: revised.receipt.finding },
    headers: headers(first, 'revise'),
  })
  const next = await publishDraft(first, draft, keyOf(first, 'publish revision'))
  say(`${first.key}: version ${next.version} of a finding is published`)
  const params = { finding: withdrawn.receipt.finding }
  const taken = await second.client.call(api.withdrawFinding, {
    params,
    headers: headers(second, 'withdraw'),
    body: { reason: 'error' },
  })
  say(`${second.key}: a finding is withdrawn; its statement stays, its body is hidden everywhere`)
  return [
    { institute: first, input: revised.input, receipt: next },
    { institute: second, input: withdrawn.input, receipt: taken },
  ]
}

/** Waits until every node has verified every other log to its end. */
async function converge(network: Network, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    signal.throwIfAborted()
    const sizes = new Map<string, number>()
    for (const { entityId, client } of network.institutes)
      sizes.set(entityId, (await client.call(api.verifyLog, {})).size)
    const behind = await Promise.all(
      network.institutes.map(async ({ client }) => {
        const { items } = await client.call(api.listPeerSync, {})
        return (
          items.length < network.institutes.length - 1 || items.some(({ iss, size }) => size < (sizes.get(iss) ?? 0))
        )
      }),
    )
    if (!behind.includes(true)) return
    if (performance.now() > deadline) throw new Error('the institutes did not converge')
    await sleep(200)
  }
}

/** What each peer holds of each record: verified and open, known by hash only, or absent although it may have it. */
async function compareWithPeers(network: Network, published: readonly Published[]) {
  const counts = { verified: 0, withheld: 0, missing: 0 }
  for (const holder of network.institutes) {
    const held = await waitForRecords(holder, published)
    for (const { institute, input, receipt } of published) {
      if (institute === holder) continue
      const entitled = input.mark.tlp === 'CLEAR' || input.mark.tlp === 'GREEN'
      const record = held.has(receipt.recordId)
      if (!entitled && record) throw new Error(`${holder.key} holds a record it may not have`)
      if (!entitled) counts.withheld++
      else if (record && (await isExact(holder, receipt.recordId))) counts.verified++
      else counts.missing++
    }
  }
  return counts
}

/** The list follows the log within moments; what is still absent after a while is missing. */
async function waitForRecords(holder: Institute, published: readonly Published[]): Promise<Set<string>> {
  const wanted = published.filter(
    ({ institute, input }) => institute !== holder && (input.mark.tlp === 'CLEAR' || input.mark.tlp === 'GREEN'),
  )
  const deadline = performance.now() + 10_000
  for (;;) {
    const held = new Set((await listAll(holder, {})).map(({ recordId }) => recordId))
    if (wanted.every(({ receipt }) => held.has(receipt.recordId)) || performance.now() > deadline) return held
    await sleep(100)
  }
}

async function isExact(holder: Institute, recordId: string): Promise<boolean> {
  const { statement } = await holder.client.call(api.getRecord, { params: { id: recordId } })
  return recordIdOf(statement) === recordId
}

async function publishLate(network: Network, signal: AbortSignal): Promise<Published> {
  const [first] = network.institutes as [Institute]
  const started = performance.now()
  const late = await publish(first, latecomer, 'latecomer')
  await converge(network, signal)
  say(`${first.key}: a new record is verified at both peers after ${Math.round(performance.now() - started)} ms`)
  return late
}

async function searchEverywhere(network: Network): Promise<number> {
  const [first] = network.institutes as [Institute]
  const query = { q: 'popularity', federated: true, budgetMs: 4_000 }
  const { hits, institutes: asked, complete } = await first.client.call(api.search, { query })
  const statuses = asked.map(({ iss, status, matched }) => `${new URL(iss).hostname} ${status} (${matched ?? 0})`)
  say(
    `${first.key} searches every institute for "popularity": ${hits.length} hits; ${statuses.join(', ')}; complete: ${complete}`,
  )
  return hits.filter(({ iss }) => iss !== first.entityId).length
}

async function proveOffline(published: readonly Published[]): Promise<void> {
  const [{ institute, receipt }] = published as [Published]
  const bundle = await institute.client.call(api.getRecordProof, { params: { id: receipt.recordId } })
  const { checkpoint } = verifyRecordProof(bundle, institute.pin)
  say(`a record of ${institute.key} is proven offline under its pinned root alone (log size ${checkpoint.size})`)
}
