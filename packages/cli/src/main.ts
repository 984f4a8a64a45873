import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Half of the time to the first word goes into reading TypeScript; where the folder cannot be written it is simply spent.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/concordance', import.meta.url)))
const { runCommandLine } = await import('./run-command-line.ts')

// Whoever reads our output may stop reading, as `head` does; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runCommandLine(process.argv.slice(2))
