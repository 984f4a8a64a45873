import { parseArgs } from 'node:util'
import { dataDirOf, loadConfig, type Role } from './config.ts'
import { startNode, untilStopped } from './start-node.ts'

/** Runs a node until it is told to stop; why it does not start goes to standard error and the exit code. */
export async function runNode(args: string[]): Promise<void> {
  try {
    const { values } = parseArgs({ args, options: { data: { type: 'string' }, role: { type: 'string' } } })
    const overrides = values.role === undefined ? {} : { role: values.role as Role }
    const config = loadConfig(values.data ?? dataDirOf(process.env), process.env, overrides)
    const stopped = untilStopped() // who hears that the node listens may stop it at once
    const node = await startNode(config)
    const where = node.url ? `listens on ${node.url}` : 'works in the background'
    process.stderr.write(`concordance: ${config.entityId} ${where}\n`)
    await stopped
    await node.stop()
  } catch (error) {
    process.stderr.write(`the node does not start\n  why: ${(error as Error).message}\n  do:  see docs/operations.md\n`)
    process.exitCode = 1
  }
}
