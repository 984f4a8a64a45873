/** Progress of what takes minutes. */
export function say(step: string): void {
  process.stderr.write(`  ${step} …\n`)
}
