// Runs test files in this one process, one after the other: their tests stand in one queue.
import { pathToFileURL } from 'node:url'

const files = process.argv.splice(2)
process.argv.push(files[0]) // tap names its folders after what was asked for: all of it would be too long for a name
for (const file of files) await import(pathToFileURL(file).href)
