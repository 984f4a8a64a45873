import { randomBytes } from 'node:crypto'

/** Content of an observation whose record (statement and body) has about 2 KB (2,160 bytes). Synthetic, and says so. */
export function synthesiseContent(i: number): { [member: string]: unknown } {
  return {
    seen: { en: `Synthetic observation ${i}: ${filler(1_180)}` },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: `A joint test of case ${i}.` },
    synthetic: true,
  }
}

/** Text that no compression makes small. */
function filler(characters: number): string {
  return randomBytes(Math.ceil((characters * 3) / 4))
    .toString('base64url')
    .slice(0, characters)
}
