import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, findViolations } from './arrows.ts'
import { bundled, findOtherChanges, findStrays } from './bundles.ts'

export interface Check {
  name: string
  passed: boolean
  /** What the tool said; empty when it had nothing to say. */
  output: string
}

/**
 * Type check, formatting and lint, the arrows between packages, and what stands in for the files of dependencies, over the
 * whole tree below `root`.
 */
export function runChecks(root: string, signal?: AbortSignal): Promise<Check[]> {
  return Promise.all([
    runTool(root, 'types', 'tsc', ['-p', '.config/tsconfig.json'], signal),
    runTool(root, 'biome', 'biome', ['check', '--config-path=.config', '.'], signal),
    checkArrows(root),
    checkBundles(root),
  ])
}

function runTool(root: string, name: string, tool: string, args: string[], signal?: AbortSignal): Promise<Check> {
  const file = join(root, 'node_modules', '.bin', tool)
  return new Promise((settle) => {
    execFile(
      file,
      args,
      { cwd: root, maxBuffer: 64 * 1024 * 1024, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        settle({ name, passed: error === null, output: error === null ? '' : `${stdout}${stderr}`.trim() })
      },
    )
  })
}

async function checkArrows(root: string): Promise<Check> {
  const violations = findViolations(root)
  return { name: 'arrows', passed: violations.length === 0, output: violations.map(describe).join('\n') }
}

async function checkBundles(root: string): Promise<Check> {
  const strays = await Promise.all(bundled.map((folder) => findStrays(join(root, folder))))
  const patches = globSync('patches/*.patch', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'))
  const wrong = [...strays.flat(), ...patches.flatMap(findOtherChanges)]
  return { name: 'bundles', passed: wrong.length === 0, output: wrong.join('\n') }
}

/** Prints one line a check, below it what is wrong. */
export function report(checks: readonly Check[]): void {
  for (const { name, passed, output } of checks) {
    process.stdout.write(`${passed ? 'ok    ' : 'not ok'} ${name}\n`)
    if (output) process.stdout.write(`${output}\n`)
  }
}
