import '../../services/node/src/prepare-process.mjs'
import type { NodeConfig } from '@concordance/node'

/*
 * A node in a process of its own, prepared as the real entry prepares it, with a configuration that no file holds: it comes
 * as the first message; the answer says where the node listens.
 */

process.once('message', async (config: NodeConfig) => {
  const { startNode } = await import('@concordance/node')
  const node = await startNode(config)
  process.once('disconnect', () => void node.stop())
  process.send?.({ url: node.url })
})
