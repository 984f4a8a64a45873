import { readFileSync } from 'node:fs'

/** Reads a JSON file of vectors, named from this folder. */
export function load<Content>(path: string): Content {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Content
}
