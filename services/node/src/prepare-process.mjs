// Makes this process one for a node and nothing else; whatever is loaded afterwards comes out of the compile cache.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Where the folder cannot be written, what it holds is read all the same. `NODE_COMPILE_CACHE` names another one.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/concordance-node', import.meta.url)))
const { limitHeap } = await import('./limit-heap.ts')

limitHeap() // first of all: loading the sources fills the young heap, and it never shrinks again
