import { type Command, InvalidArgumentError } from 'commander'

/** Two things that are really typed, below the help of a command. */
export function withExamples(command: Command, first: string, second: string): Command {
  return command.addHelpText('after', `\nExamples:\n  ${first}\n  ${second}`)
}

/** Gathers an option that may be given several times. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value]
}

/** A whole number between two others, both included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It has to be a whole number from ${min} to ${max}.`)
  }
}
