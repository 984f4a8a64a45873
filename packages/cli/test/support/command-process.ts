import { Writable } from 'node:stream'
import { runCommandLine } from '../../src/run-command-line.ts'
import type { Outcome, RunOptions } from './run-command.ts'

/*
 * A process that runs one command line after the other, each with a folder, an environment and outputs of its own, as its
 * parent asks.
 */

process.on('message', async ({ args, options }: { args: string[]; options: Required<RunOptions> }) => {
  process.chdir(options.cwd)
  const own = Object.keys(process.env).filter((name) => name !== 'PATH' && name !== 'HOME')
  for (const name of own) delete process.env[name]
  Object.assign(process.env, options.env)
  const [stdout, stderr] = [capture('stdout'), capture('stderr')]
  const exit = await runCommandLine(args)
  process.send?.({ exit, stdout: stdout(), stderr: stderr() } satisfies Outcome)
})

/** Whatever is written there from now on, once it is asked for. */
function capture(name: 'stdout' | 'stderr'): () => string {
  const parts: Buffer[] = []
  const stream = new Writable({
    write(part: Buffer, _, done) {
      parts.push(part)
      done()
    },
  })
  Object.defineProperty(process, name, { value: stream, configurable: true })
  return () => Buffer.concat(parts).toString()
}
