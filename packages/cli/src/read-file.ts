import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { usageFailure } from './failure.ts'

/** Text of a file the caller named. @throws {Failure} as a wrong command line. */
export async function readText(path: string, maxBytes = 4 * 1024 * 1024): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usageFailure(`${path} cannot be read (${error.code})`, 'name a file that is there', 'FILE_UNREADABLE')
  })
  if (text.length > maxBytes)
    throw usageFailure(`${path} is larger than ${maxBytes} bytes`, 'name the right file', 'FILE_TOO_LARGE')
  return text
}

/** The value in a YAML 1.2 or JSON file written by people. @throws {Failure} as a wrong command line. */
export async function readValue(path: string): Promise<unknown> {
  return parseValue(await readText(path), path)
}

/** As `readValue`, for text. @param where Names the text in the failure. */
export function parseValue(text: string, where: string): unknown {
  try {
    return parse(text, { schema: 'core', uniqueKeys: true, maxAliasCount: 100 })
  } catch (error) {
    const [first = ''] = (error as Error).message.split('\n')
    throw usageFailure(
      `${where} is neither YAML nor JSON: ${first}`,
      'correct it and run the command again',
      'FILE_MALFORMED',
    )
  }
}
