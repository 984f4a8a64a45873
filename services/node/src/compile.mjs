// Fills the compile cache with all that a node can load, for an image whose file system is read-only later.
// Run it as the user who will run the node: Node keeps a cache for each.
import './prepare-process.mjs'
import { globSync } from 'node:fs'

for (const file of globSync('**/*.ts', { cwd: import.meta.dirname })) await import(`./${file}`)
