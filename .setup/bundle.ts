import { writeBundle } from './bundles.ts'

// For the folder that `pnpm patch NAME` gives; `pnpm patch-commit` then keeps what is written there.
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: node .setup/run.mjs .setup/bundle.ts FOLDER')
await writeBundle(folder)
