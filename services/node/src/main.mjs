// The entry of a node. Plain JavaScript: see docs/decisions/0009-a-node-starts-from-compiled-sources.md.
import './prepare-process.mjs'

const { runNode } = await import('./run-node.ts')
await runNode(process.argv.slice(2))
