import { parseArgs } from 'node:util'
import { loadConfig, type Role } from './config.ts'
import { startNode, untilStopped } from './start-node.ts'

const { values } = parseArgs({ options: { data: { type: 'string' }, role: { type: 'string' } } })
const dataDir = values.data ?? process.env.CONCORDANCE_DATA ?? '.data/node'

try {
  const config = loadConfig(dataDir, process.env, values.role === undefined ? {} : { role: values.role as Role })
  const node = await startNode(config)
  process.stderr.write(
    `concordance: ${config.entityId} ${node.url ? `listens on ${node.url}` : 'works in the background'}\n`,
  )
  await untilStopped()
  await node.stop()
} catch (error) {
  process.stderr.write(`the node does not start\n  why: ${(error as Error).message}\n  do:  see docs/operations.md\n`)
  process.exitCode = 1
}
