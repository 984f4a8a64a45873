import { readFileSync } from 'node:fs'
import t from 'tap'

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

t.test('every refusal and every warning is documented', async (t) => {
  const page = text('../../../docs/importers.md')
  const refusals = text('../src/error.ts').matchAll(/\| '([A-Z_]+)'/g)
  const warnings = text('../src/result.ts').matchAll(/^ {2}\| '([a-z-]+)'$/gm)
  const codes = [...refusals, ...warnings].map(([, code]) => code ?? '')
  t.ok(codes.length > 60, `${codes.length} codes`)
  for (const code of codes) t.ok(page.includes(`\`${code}\``), code)
})
