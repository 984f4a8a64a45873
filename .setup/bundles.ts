import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

/**
 * Dependencies of which a process would load hundreds of files: each, where it is installed. `patches/` gives them the same
 * in a few files. See docs/decisions/0017-two-dependencies-in-few-files.md.
 */
export const bundled = ['packages/protocol/node_modules/typebox', 'packages/exchange/node_modules/kysely']

type Target = string | { readonly source?: string; readonly import?: string; readonly default?: string }
type Exports = Readonly<Record<string, Target>>

/** Writes the files of a bundle into a package and names them in its manifest, for `pnpm patch-commit`. */
export async function writeBundle(folder: string): Promise<void> {
  for (const [file, text] of await bundle(folder)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: Exports }
  const exports = Object.fromEntries(entriesOf(manifest.exports).map(([name, file]) => [name, targetOf(file)]))
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, exports }, null, 2)}\n`)
}

/** Files of a package that are not what bundling its own sources gives: none, or its patch holds something else. */
export async function findStrays(folder: string): Promise<string[]> {
  const files = await bundle(folder)
  return [...files].filter(([file, text]) => textOf(join(folder, file)) !== text).map(([file]) => join(folder, file))
}

/** Files that a patch changes beyond adding a bundle and naming it in the manifest. */
export function findOtherChanges(patch: string): string[] {
  const changed = [...patch.matchAll(/^diff --git a\/(\S+) b\//gm)].map(([, file = '']) => file)
  return changed.filter((file) => file !== 'package.json' && !/^\w+\/bundle\//.test(file))
}

/** The package's own sources in a few files, by their path in it: one for each way in, and what these share. */
async function bundle(installed: string): Promise<ReadonlyMap<string, string>> {
  const folder = realpathSync(installed)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: Exports }
  const entryPoints = entriesOf(exports).map(([, file]) => file)
  const outbase = topOf(entryPoints[0] ?? '')
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints,
    outbase,
    outdir: join(outbase, 'bundle'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    minifyWhitespace: true,
    charset: 'utf8',
    write: false,
  })
  return new Map(outputFiles.map(({ path, text }) => [relative(folder, path), text]))
}

/** Each way into a package with the file that it led to before it was patched. */
function entriesOf(exports: Exports): [name: string, file: string][] {
  return Object.entries(exports).map(([name, target]) => {
    return [name, typeof target === 'string' ? target : (target.source ?? target.import ?? target.default ?? '')]
  })
}

/** `source` is for us alone: nobody asks for that condition. */
function targetOf(file: string) {
  const top = topOf(file)
  const path = file.slice(top.length).replace(/\.m?js$/, '.mjs')
  return { types: file.replace(/\.(m?)js$/, '.d.$1ts'), source: file, default: `${top}/bundle${path}` }
}

/** `./build` of `./build/compile/index.mjs`: what a package publishes. */
function topOf(file: string): string {
  return file.split('/', 2).join('/')
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
