import { importFile } from '../src/index.ts'

/** Imports the file named on the command line and prints the outcome with the most memory this process ever had. */
const [path = ''] = process.argv.slice(2)
const startedAt = performance.now()
let progress = 0
const result = await importFile(path, { onProgress: ({ bytesRead }) => (progress = bytesRead) })
const peakMib = process.resourceUsage().maxRSS / 1024
console.log(
  JSON.stringify({
    outcome: result.outcome,
    code: result.code,
    warnings: result.warnings.map(({ code }) => code),
    content: result.drafts[0]?.content,
    progress,
    peakMib: Math.round(peakMib),
    seconds: (performance.now() - startedAt) / 1000,
  }),
)
