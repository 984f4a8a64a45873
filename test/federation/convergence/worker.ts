import { type NodeConfig, startNode } from '@concordance/node'

/** A node that follows its peers by itself, in a process of its own, with the clock of a story. It is there to be killed. */
const [config = '', seconds = ''] = process.argv.slice(2)
const now = () => new Date(Number(seconds) * 1_000)
await startNode({ ...(JSON.parse(config) as NodeConfig), role: 'worker' }, undefined, now)
process.send?.('follows')
