import { join } from 'node:path'
import t from 'tap'
import { describe, findViolations } from '../../.setup/arrows.ts'

t.test('the tree holds to docs/architecture.md', async (t) => {
  t.strictSame(findViolations(join(import.meta.dirname, '..', '..')).map(describe), [])
})

t.test('an import is refused with file and line', async (t) => {
  const cases = [
    {
      title: 'when the document lacks its arrow',
      file: 'packages/log/src/a.ts',
      text: `import t from 'node:crypto'\nimport { publish } from '@x/exchange'\n`,
      expected: 'packages/log/src/a.ts:2: the arrow packages/log -> packages/exchange is not in docs/architecture.md',
    },
    {
      title: 'when it spans lines, or is dynamic, or goes to a subpath',
      file: 'packages/log/src/a.ts',
      text: `import {\n  publish,\n} from '@x/exchange/deep'\nawait import('@x/exchange')\n`,
      expected: [
        'packages/log/src/a.ts:3: the arrow packages/log -> packages/exchange is not in docs/architecture.md',
        'packages/log/src/a.ts:4: the arrow packages/log -> packages/exchange is not in docs/architecture.md',
      ],
    },
    {
      title: 'when it goes by path into another package',
      file: 'packages/exchange/src/deep/a.ts',
      text: `import { leaf } from '../../../log/src/leaf.ts'\n`,
      expected: 'packages/exchange/src/deep/a.ts:1: reaches out of its package by the path ../../../log/src/leaf.ts',
    },
    {
      title: 'when the library has its home elsewhere, by name or by scope',
      file: 'packages/exchange/src/a.ts',
      text: `import fastify from 'fastify'\nimport type { X } from '@fastify/jwt'\n`,
      expected: [
        'packages/exchange/src/a.ts:1: fastify has its home in services/node',
        'packages/exchange/src/a.ts:2: @fastify/jwt has its home in services/node',
      ],
    },
    {
      title: 'when a pure package takes a built-in that has effects',
      file: 'packages/log/src/a.ts',
      text: `import { readFile } from 'node:fs'\n`,
      expected: 'packages/log/src/a.ts:1: imports node:fs in a pure package',
    },
    {
      title: 'when it hides behind an export of everything',
      file: 'packages/exchange/src/a.ts',
      text: `export * from './b.ts'\n`,
      expected: 'packages/exchange/src/a.ts:1: exports everything with *',
    },
  ]
  for (const { title, file, text, expected } of cases) {
    await t.test(title, async (t) => {
      t.strictSame(violations(t.testdir(tree({ [file]: text }))), [expected].flat())
    })
  }
})

t.test('an effect in a pure package is refused', async (t) => {
  const effects = [
    'Date.now()',
    'new Date()',
    'Math.random()',
    'process.env.HOME',
    'randomBytes(4)',
    'crypto.randomUUID()',
    'fetch(url)',
    'setTimeout(f, 1)',
    'console.log(1)',
  ]
  for (const effect of effects) {
    await t.test(effect, async (t) => {
      const text = `export const a = 1\nexport const b = () => ${effect}\n`
      const [violation, ...more] = violations(t.testdir(tree({ 'packages/log/src/a.ts': text })))
      t.match(violation, /^packages\/log\/src\/a\.ts:2: .* is an effect/)
      t.equal(more.length, 0)
    })
  }
})

t.test('an exception that the document names passes, in its file alone', async (t) => {
  const excepting = document.replace('```pure\npackages/log', '```pure\npackages/log -> randomBytes in src/a.ts')
  const text = `export const salt = () => randomBytes(32)\n`
  const files = { 'docs/architecture.md': excepting, 'packages/log/src/a.ts': text, 'packages/log/src/b.ts': text }
  t.strictSame(violations(t.testdir(tree(files))), [
    'packages/log/src/b.ts:1: randomBytes is an effect, and packages/log is pure',
  ])
})

t.test('a dependency that the document lacks is refused where it is declared', async (t) => {
  const manifest = JSON.stringify({ name: '@x/log', dependencies: { '@x/exchange': '*', kysely: '1' } }, null, 2)
  t.strictSame(violations(t.testdir(tree({ 'packages/log/package.json': manifest }))), [
    'packages/log/package.json:4: the arrow packages/log -> packages/exchange is not in docs/architecture.md',
    'packages/log/package.json:5: kysely has its home in packages/exchange',
  ])
})

t.test('a package that the document does not name is refused', async (t) => {
  const stray = tree({ 'packages/stray/package.json': '{"name":"@x/stray"}' })
  t.strictSame(violations(t.testdir(stray)), ['packages/stray/package.json:1: packages/stray is not in the arrows'])
})

t.test('a document whose arrows lead back is refused', async (t) => {
  const cyclic = document.replace('packages/log ->', 'packages/log -> services/node')
  const found = violations(t.testdir(tree({ 'docs/architecture.md': cyclic })))
  t.match(found, [/packages\/log back to packages\/log/, /packages\/exchange/, /services\/node/])
})

t.test('allowed imports, dates that are given, and words in comments and strings pass', async (t) => {
  const pure = `import { createHash } from 'node:crypto'
// Date.now() would be an effect; import x from '@x/exchange' too
/* process.env */
export const at = (iso: string) => new Date(iso)
export const text = 'Math.random()'
export { leaf } from './leaf.ts'
`
  const files = {
    'packages/log/src/a.ts': pure,
    'packages/exchange/src/a.ts': `import { leaf } from '@x/log'\nimport { Kysely } from 'kysely'\nDate.now()\n`,
    'services/node/src/a.ts': `import fastify from 'fastify'\nimport { publish } from '@x/exchange'\n`,
  }
  t.strictSame(violations(t.testdir(tree(files))), [])
})

const document = `# Architecture
\`\`\`arrows
packages/log ->
packages/exchange -> packages/log
services/node -> packages/exchange
\`\`\`
\`\`\`homes
kysely -> packages/exchange
fastify, @fastify/* -> services/node
\`\`\`
\`\`\`pure
packages/log
\`\`\`
`

type Tree = { [name: string]: string | Tree }

/** A small tree of three packages that holds to its document, with some files added or replaced. */
function tree(files: Record<string, string>): Tree {
  const root: Tree = {}
  const all = {
    'docs/architecture.md': document,
    'packages/log/package.json': '{"name":"@x/log"}',
    'packages/exchange/package.json': '{"name":"@x/exchange","dependencies":{"@x/log":"*","kysely":"1"}}',
    'services/node/package.json': '{"name":"@x/node","dependencies":{"@x/exchange":"*","fastify":"5"}}',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) place(root, path.split('/'), text)
  return root
}

function place(folder: Tree, [name = '', ...rest]: string[], text: string): void {
  if (rest.length === 0) {
    folder[name] = text
    return
  }
  folder[name] ??= {}
  place(folder[name] as Tree, rest, text)
}

function violations(root: string): string[] {
  return findViolations(root).map(describe)
}
