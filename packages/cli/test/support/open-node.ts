import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { observation } from './observation.ts'
import { type Commands, commandsIn, freePort, serve } from './serve.ts'

export interface OpenNode extends Commands {
  readonly cwd: string
  readonly url: string
  /** Of a colleague, Rosa, who may read and review. */
  readonly secondPerson: string
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
  const commands = commandsIn(cwd)
  const listen = `127.0.0.1:${await freePort()}`
  const url = `http://${listen}`
  const id = ['--entity-id', 'https://node.example', '--base-url', url, '--listen', listen]
  await commands.only('init', ...id, '--database', 'embedded')
  const file = join(cwd, '.data/node/node.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...(await settings(url, cwd)) }))
  await serve(t, cwd)
  await commands.only('token', 'new', 'me', '--scope', 'read,draft,publish,operate', '--save')
  const { token } = await commands.only('token', 'new', 'rosa', '--scope', 'read,review')
  return { ...commands, cwd, url, secondPerson: String(token) }
}
