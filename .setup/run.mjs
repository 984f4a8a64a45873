// Runs a TypeScript file of this checkout under the pinned Node, installing first where needed.
// Plain JavaScript without dependencies: it must work with any Node >= 20 and nothing but npm.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pnpm = 'pnpm@10.34.9'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const node = join(root, 'node_modules', 'node', 'bin', 'node')
const marker = join(root, 'node_modules', '.concordance-installed')

/** Everything that decides what an installation contains. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) {
    hash.update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function install(expected) {
  process.stderr.write('installing dependencies (once; about a minute)\n')
  const env = { ...process.env, npm_config_loglevel: 'error', CI: 'true' }
  const args = ['-y', pnpm, 'install', '--frozen-lockfile', '--reporter', 'silent']
  const done = spawnSync('npx', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  if (done.status !== 0 || !existsSync(node)) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}\n`)
    process.stderr.write('could not install the dependencies\n')
    process.stderr.write('  why: the package manager stopped with the output above\n')
    process.stderr.write('  do:  check that the package registry can be reached, then run the same command again\n')
    process.exit(1)
  }
  writeFileSync(marker, expected)
}

const expected = fingerprint()
const installed = existsSync(node) && existsSync(marker) && readFileSync(marker, 'utf8') === expected
if (!installed) install(expected)

const [file, ...args] = process.argv.slice(2)
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
const child = spawn(node, [join(root, file), ...args], { stdio: 'inherit', env })
// Ctrl-C in a terminal reaches the child by itself; whatever is sent to this process alone is passed on.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
