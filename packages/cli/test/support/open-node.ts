import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bearer, type Client, createClient } from '@concordance/client'
import { api, type Receipt } from '@concordance/protocol'
import { freePort } from '../../../../test/support/free-port.ts'
import { observation } from './observation.ts'
import { type Commands, commandsIn, serve } from './serve.ts'
import { shareProcess } from './share-process.ts'

export interface OpenNode extends Commands {
  readonly cwd: string
  readonly url: string
  /** Of a colleague, Rosa, who may read and review. */
  readonly secondPerson: string
  /** Puts a draft before Rosa, who approves it. By the API, as what is only a condition of a test. */
  approve(draft: unknown): Promise<void>
  /** Has a draft approved, and publishes it. */
  publish(draft: unknown): Promise<Receipt>
}

interface Test {
  testdir(files: Record<string, string>): string
  teardown(end: () => unknown): void
}

/**
 * A running node of `https://node.example` with a database of its own, and the token of somebody who may do all but review
 * in its data folder. In its folder stands `observation.yaml`.
 *
 * @param settings What `node.json` says besides, given where the node will listen and its folder.
 */
export async function openNode(
  t: Test,
  settings: (url: string, cwd: string) => object | Promise<object> = () => ({}),
): Promise<OpenNode> {
  const cwd = t.testdir({ 'observation.yaml': observation })
  const commands = commandsIn(cwd, shareProcess(t))
  const listen = `127.0.0.1:${await freePort()}`
  const url = `http://${listen}`
  const id = ['--entity-id', 'https://node.example', '--base-url', url, '--listen', listen]
  await commands.only('init', ...id, '--database', 'embedded')
  const file = join(cwd, '.data/node/node.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...(await settings(url, cwd)) }))
  await serve(t, cwd)
  await commands.only('token', 'new', 'me', '--scope', 'read,draft,publish,operate', '--save')
  const { token } = await commands.only('token', 'new', 'rosa', '--scope', 'read,review')
  const secondPerson = String(token)
  const me = createClient({
    baseUrl: url,
    authorize: bearer(readFileSync(join(cwd, '.data/node/token'), 'utf8').trim()),
  })
  const rosa = createClient({ baseUrl: url, authorize: bearer(secondPerson) })
  t.teardown(() => Promise.all([me.close(), rosa.close()]))
  const approve = async (draft: unknown) => {
    const { params, headers } = await asRead(me, draft)
    await me.call(api.submitDraft, { params, headers, body: {} })
    const hazard = { answer: 'none', text: 'results only' } as const
    await rosa.call(api.approveDraft, { params, headers, body: { hazard } })
  }
  const publish = async (draft: unknown) => {
    await approve(draft)
    return me.call(api.publishDraft, await asRead(me, draft))
  }
  return { ...commands, cwd, url, secondPerson, approve, publish }
}

async function asRead(client: Client, draft: unknown) {
  const params = { id: String(draft) }
  const { etag } = await client.call(api.getDraft, { params })
  return { params, headers: { 'idempotency-key': randomUUID(), 'if-match': `"${etag}"` } }
}
