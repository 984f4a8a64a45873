import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '@concordance/protocol'
import { pino } from 'pino'
import type { Test } from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import { initNode, issueToken, loadConfig, type NodeFile, readTokenSecret, startNode } from '../../src/index.ts'

export async function startTestNode(t: Test, file: Partial<NodeFile> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'concordance-node-'))
  t.teardown(() => rm(dataDir, { recursive: true, force: true }))
  const { url: databaseUrl } = await createTestDatabase(t)
  const entityId = 'https://one.example'
  const pin = await initNode(dataDir, { entityId, baseUrl: entityId, port: 0, databaseUrl, ...file }, new Date())
  const node = await startNode(loadConfig(dataDir, {}), pino({ level: 'silent' }))
  t.teardown(() => node.stop())
  const secret = await readTokenSecret(dataDir)
  const token = async (...scopes: Scope[]) => {
    const asked = { name: 'test', subject: 'staff', scopes, lifetimeSeconds: 600, actor: 'operator' }
    return (await issueToken(node.deps, secret, asked)).token
  }
  return { ...node, dataDir, pin, token }
}
