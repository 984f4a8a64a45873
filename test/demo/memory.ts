import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { api } from '@concordance/protocol'
import type { Institute, Network } from '../network/start-network.ts'

const marker = (dataDir: string) => `${dataDir}/journey-done`

/** Whether an earlier start has published everything here: then this one resumes. */
export async function isJourneyDone(dataDir: string): Promise<boolean> {
  return existsSync(marker(dataDir))
}

export async function markJourneyDone(dataDir: string): Promise<void> {
  await writeFile(marker(dataDir), `${new Date().toISOString()}\n`)
}

/** What one institute holds. */
export interface Holding {
  readonly institute: Institute
  /** Records of every institute that are current here. */
  readonly findings: number
  /** Entries of the peers' logs that are verified here. */
  readonly verified: number
  readonly logSize: number
}

export async function countsOf(network: Network): Promise<Holding[]> {
  return Promise.all(
    network.institutes.map(async (institute) => {
      const findings = (await listAll(institute, {})).filter(({ type }) => type !== 'keyset' && type !== 'withdrawal')
      const { items } = await institute.client.call(api.listPeerSync, {})
      const check = await institute.client.call(api.verifyLog, {})
      const verified = items.reduce((sum, peer) => sum + peer.size, 0)
      return { institute, findings: findings.length, verified, logSize: check.size }
    }),
  )
}

/** Every record that is open here, page by page. */
export async function listAll(institute: Institute, filters: { iss?: string }) {
  const records = []
  let cursor: string | undefined
  do {
    const query = { ...filters, limit: 200, ...(cursor !== undefined && { cursor }) }
    const page = await institute.client.call(api.listRecords, { query })
    records.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return records
}
