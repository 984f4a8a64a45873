import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type RunningProvider, startProvider } from '../../../../test/support/provider.ts'
import type { NodeFile } from '../../src/index.ts'
import { type Browser, openBrowser } from './browser.ts'
import { createTestFolder } from './folder.ts'
import { startTestNode, type TestNode } from './node.ts'

export const baseUrl = 'https://one.example'
export const audience = 'https://one.example/api'

export interface TestPeople {
  readonly node: TestNode
  readonly provider: RunningProvider
  /** A fresh browser, without a cookie. */
  browser(): Browser
}

/** A node whose people sign in at a provider of their own. */
export async function startPeople(
  t: Pick<Test, 'teardown'>,
  changes: Partial<NonNullable<NodeFile['people']>> = {},
): Promise<TestPeople> {
  const provider = await startProvider({ redirectUri: `${baseUrl}/v1/sign-in/return`, audience })
  t.teardown(() => provider.stop())
  const folder = await createTestFolder(t)
  const clientSecretFile = join(folder, 'client.secret')
  writeFileSync(clientSecretFile, provider.clientSecret, { mode: 0o600 })
  const people = {
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecretFile,
    scopes: ['profile'],
    audience,
    rolesClaim: 'groups',
    roles: {
      readers: ['reader'],
      authors: ['author'],
      reviewers: ['reviewer'],
      publishers: ['publisher'],
      operators: ['operator'],
    },
    staff: ['staff'],
    insecureLoopback: true,
    ...changes,
  } satisfies NodeFile['people']
  const node = await startTestNode(t, { file: { people } })
  return { node, provider, browser: () => openBrowser(node.url, baseUrl) }
}
