import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { blankComments, blankCommentsAndStrings, listImports } from './source.ts'

export interface Violation {
  /** Path from the root of the tree. */
  file: string
  /** Counted from 1. */
  line: number
  reason: string
}

/** What `docs/architecture.md` allows. Folders are named from the root of the tree, as `packages/log`. */
interface Architecture {
  arrows: Map<string, readonly string[]>
  homes: { library: string; home: string }[]
  /** Folder to exceptions, each as `word in src/file.ts`. */
  pure: Map<string, readonly string[]>
}

const document = 'docs/architecture.md'

/** Compares the sources and the dependencies of every package below `root` with `docs/architecture.md`. */
export function findViolations(root: string): Violation[] {
  const architecture = parseArchitecture(readFileSync(join(root, document), 'utf8'))
  const folders = globSync(['packages/*/package.json', 'services/*/package.json'], { cwd: root }).map(dirname).sort()
  const folderOf = new Map(folders.map((folder) => [nameOf(root, folder), folder]))
  return [
    ...findCycle(architecture),
    ...folders.flatMap((folder) => [
      ...checkDependencies(root, folder, architecture, folderOf),
      ...globSync('src/**/*.ts', { cwd: join(root, folder) })
        .sort()
        .flatMap((file) => checkSource(root, folder, join(folder, file), architecture, folderOf)),
    ]),
  ]
}

function parseArchitecture(markdown: string): Architecture {
  const block = (name: string): string[] => {
    const body = new RegExp(`^\`\`\`${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(markdown)?.[1]
    if (body === undefined) throw new Error(`${document} has no block \`\`\`${name}`)
    return body.split('\n').filter((line) => line.trim() !== '')
  }
  const sides = (line: string): [left: string[], right: string[]] => {
    const [left = '', right = ''] = line.split('->')
    const names = (side: string) => side.split(',').flatMap((name) => name.trim() || [])
    return [names(left), names(right)]
  }
  return {
    arrows: new Map(
      block('arrows')
        .map(sides)
        .flatMap(([left, right]) => left.map((from) => [from, right] as const)),
    ),
    homes: block('homes')
      .map(sides)
      .flatMap(([libraries, [home = '']]) => libraries.map((library) => ({ library, home }))),
    pure: new Map(
      block('pure')
        .map(sides)
        .flatMap(([left, right]) => left.map((folder) => [folder, right] as const)),
    ),
  }
}

function nameOf(root: string, folder: string): string {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name
}

function findCycle({ arrows }: Architecture): Violation[] {
  const reaches = (from: string, goal: string, seen: Set<string>): boolean =>
    (arrows.get(from) ?? []).some((to) => to === goal || (!seen.has(to) && reaches(to, goal, seen.add(to))))
  return [...arrows.keys()]
    .filter((folder) => reaches(folder, folder, new Set()))
    .map((folder) => ({ file: document, line: 1, reason: `the arrows lead from ${folder} back to ${folder}` }))
}

function checkDependencies(
  root: string,
  folder: string,
  architecture: Architecture,
  folderOf: Map<string, string>,
): Violation[] {
  const file = join(folder, 'package.json')
  const text = readFileSync(join(root, file), 'utf8')
  if (!architecture.arrows.has(folder)) return [{ file, line: 1, reason: `${folder} is not in the arrows` }]
  return Object.keys(JSON.parse(text).dependencies ?? {}).flatMap((dependency) => {
    const reason = refusePackage(dependency, folder, architecture, folderOf)
    return reason === undefined ? [] : [{ file, line: lineAt(text, text.indexOf(`"${dependency}":`)), reason }]
  })
}

function checkSource(
  root: string,
  folder: string,
  file: string,
  architecture: Architecture,
  folderOf: Map<string, string>,
): Violation[] {
  const source = readFileSync(join(root, file), 'utf8')
  const exceptions = architecture.pure.get(folder)
  const isPure = exceptions !== undefined
  const refuse = (specifier: string): string | undefined => {
    if (specifier.startsWith('.')) return refusePath(root, folder, file, specifier)
    if (isPure && specifier.startsWith('node:')) return refuseBuiltin(specifier)
    return refusePackage(specifier, folder, architecture, folderOf)
  }
  const found = listImports(blankComments(source)).flatMap(({ specifier, offset }) => {
    const reason = refuse(specifier)
    return reason === undefined ? [] : [{ offset, reason }]
  })
  const code = blankCommentsAndStrings(source)
  for (const { offset } of matches(code, /^\s*export \*/gm)) found.push({ offset, reason: 'exports everything with *' })
  if (isPure) {
    for (const { offset, text } of matches(code, effects)) {
      if (exceptions.includes(`${text} in ${relative(folder, file)}`)) continue
      found.push({ offset, reason: `${text} is an effect, and ${folder} is pure` })
    }
  }
  return found.map(({ offset, reason }) => ({ file, line: lineAt(source, offset), reason }))
}

function refusePath(root: string, folder: string, file: string, specifier: string): string | undefined {
  const target = relative(join(root, folder), resolve(root, dirname(file), specifier))
  return target.startsWith('..') ? `reaches out of its package by the path ${specifier}` : undefined
}

const computation = new Set(['node:crypto', 'node:buffer', 'node:util', 'node:assert'])

function refuseBuiltin(specifier: string): string | undefined {
  return computation.has(specifier) ? undefined : `imports ${specifier} in a pure package`
}

function refusePackage(
  specifier: string,
  folder: string,
  { arrows, homes }: Architecture,
  folderOf: Map<string, string>,
): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const target = folderOf.get(name)
  if (target !== undefined && target !== folder && !arrows.get(folder)?.includes(target)) {
    return `the arrow ${folder} -> ${target} is not in ${document}`
  }
  const home = homes.find(({ library }) => library === name || library === name.replace(/\/.*/, '/*'))?.home
  return home === undefined || home === folder ? undefined : `${name} has its home in ${home}`
}

/** Clock, randomness, network, environment, terminal and timers, as far as they come without an import. */
const effects = new RegExp(
  [
    String.raw`\bprocess\.\w+`,
    String.raw`\bDate\.now\b|\bnew Date\(\)|\bDate\(\)|\bperformance\.now\b`,
    String.raw`\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b|\bgenerateKey\w*`,
    String.raw`\bfetch\(|\bnew WebSocket\b|\bconsole\.\w+|\bset(?:Timeout|Interval|Immediate)\(`,
  ].join('|'),
  'g',
)

function matches(text: string, pattern: RegExp): { offset: number; text: string }[] {
  return [...text.matchAll(pattern)].map((match) => ({
    offset: match.index + match[0].length - match[0].trimStart().length,
    text: match[0].trim(),
  }))
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

export function describe({ file, line, reason }: Violation): string {
  return `${file}:${line}: ${reason}`
}
