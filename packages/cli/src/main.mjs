// The entry of the command line. Plain JavaScript, as that of a node: see docs/decisions/0009-a-node-starts-from-compiled-sources.md.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Half of the time to the first word would go into reading TypeScript; where the folder cannot be written it does.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/concordance', import.meta.url)))
const { runCommandLine } = await import('./run-command-line.ts')

// Whoever reads our output may stop reading, as `head` does; that is no failure of ours.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2))
