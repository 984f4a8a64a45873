import { dirname } from 'node:path'
import { report, runChecks } from './checks.ts'

const checks = await runChecks(dirname(import.meta.dirname))
report(checks)
process.exitCode = checks.every(({ passed }) => passed) ? 0 : 1
