import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { api, problems } from '@concordance/protocol'
import t from 'tap'
import { createTestFolder } from './support/folder.ts'
import { startTestNode } from './support/node.ts'
import { send } from './support/send.ts'

interface Document {
  openapi: string
  paths: Record<string, Record<string, { operationId: string; security: object[]; responses: object }>>
  components: { schemas: Record<string, object>; responses: Record<string, object> }
}

t.test('the description of the API', async (t) => {
  const node = await startTestNode(t)
  const described = await send(node.url, { path: '/v1/openapi.json' })
  const document = described.json<Document>()

  await t.test('is OpenAPI 3.1 and passes a linter without a warning', async (t) => {
    t.equal(document.openapi, '3.1.0')
    t.match(await lint(described.text), { totals: { errors: 0, warnings: 0, ignored: 0 } })
    const broken = described.text.replace('"operationId":"getRecord"', '"operationId":"listRecords"')
    const { totals } = await lint(broken)
    t.ok(totals.errors + totals.warnings > 0, 'and the linter would say so')

    async function lint(text: string): Promise<{ totals: { errors: number; warnings: number } }> {
      const file = join(await createTestFolder(t), 'openapi.json')
      await writeFile(file, text)
      const command = join(
        dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')),
        'bin',
        'cli.js',
      )
      const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
      const config = join(dirname(file), 'redocly.yaml')
      await writeFile(config, 'extends: [recommended-strict]\nrules: { operation-2xx-response: off }\n')
      const args = [command, 'lint', file, '--config', config, '--format', 'json']
      const { stdout } = await promisify(execFile)(process.execPath, args, { env }).catch((error) => error)
      return JSON.parse(stdout)
    }
  })

  await t.test(
    'gives every operation an answer that succeeds; the two of signing in send the browser on',
    async (t) => {
      const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
      const redirecting = operations.filter(
        ({ responses }) => !Object.keys(responses).some((status) => status.startsWith('2')),
      )
      t.same(redirecting.map(({ operationId }) => operationId).toSorted(), ['returnFromSignIn', 'signIn'])
    },
  )

  await t.test('holds every operation of the contract once', async (t) => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    const ids = operations.map(({ operationId }) => operationId)
    t.same(ids.toSorted(), Object.keys(api).toSorted())
  })

  await t.test('says who may call, and how a call may fail', async (t) => {
    const entries = document.paths['/v1/log/entries']?.get
    t.same(entries?.security, [{ peer: [] }])
    t.match(entries?.responses, { 401: {}, 422: {}, 429: {}, 503: {} })
    t.same(document.paths['/v1/drafts']?.post?.security, [{ person: [] }])
    for (const code of Object.keys(problems)) {
      const named = Object.keys(document.components.responses).some((name) => name.split('.').includes(code))
      t.ok(named || code === 'method-not-allowed', code)
    }
  })

  await t.test('is a page to read, without scripts and without anything from elsewhere', async (t) => {
    const page = await send(node.url, { path: '/v1/docs' })
    t.match(page.headers['content-type'], /^text\/html/)
    t.match(page.headers['content-security-policy'], /default-src 'none'; style-src 'sha256-/)
    t.notMatch(page.headers['content-security-policy'], /unsafe/)
    t.notMatch(page.text, /<script|<img|<iframe|style=|(src|href)="(https?:)?\/\//)
    for (const id of Object.keys(api)) t.match(page.text, `id="${id}"`)
    t.ok(Buffer.byteLength(page.text) < 200_000)
  })
})
