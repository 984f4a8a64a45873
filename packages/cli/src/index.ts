export { type ExitCode, exitCodes } from './exit-codes.ts'
export { runCommandLine } from './run-command-line.ts'
