// The worked example of docs/protocol.md, computed. Run with --write to put it into the document.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { emptyFrontier, extendFrontier, rootOf, signCheckpoint, signNote } from '@concordance/log'
import {
  decodeBase64url,
  emptyBodyDigest,
  encodeBase64url,
  formatEntryLine,
  formatTrailerLine,
  openedDigestOf,
  positionsDigest,
  publicJwkOf,
  signCoverage,
  signRequestToken,
} from '@concordance/protocol'
import { bytesOf, createInstitute, entryAt, keysetEntryAt } from '../../packages/protocol/test/support/institute.ts'
import { testKey } from '../../packages/protocol/test/support/test-key.ts'

const document = new URL('../../docs/protocol.md', import.meta.url)
const [begin, end] = [/<!-- worked-example: [^>]*-->\n/, '<!-- /worked-example -->']

/** The example as Markdown: every value is computed here from labels, none is typed in. */
export async function renderWorkedExample(): Promise<string> {
  const institute = await createInstitute('node.example')
  const { iss, origin, pin, signers } = institute
  const entries = [await keysetEntryAt(institute), await entryAt(institute, 1)]
  const [keysetEntry, observationEntry] = entries
  if (!keysetEntry?.statement || !observationEntry?.statement || !observationEntry.body) throw new Error('unreachable')
  const root = rootOf(
    extendFrontier(
      emptyFrontier,
      entries.map(({ leaf }) => decodeBase64url(leaf)),
    ),
  )
  const head = { iss, origin, size: 2, iat: 1_700_000_010 }
  const checkpoint = await signCheckpoint({ v: 1, ...head, root: encodeBase64url(root), keyset: 1 }, signers.log)
  const note = await signNote({ origin, size: 2, root }, signers.log, publicJwkOf(testKey('node.example log')))
  const opened = entries.map(({ position }) => ({ position, state: 'open' as const }))
  const peer = 'https://peer.example'
  const salt = bytesOf('worked example of a page', 16)
  const coverage = await signCoverage(
    {
      v: 1,
      ...head,
      peer,
      from: 0,
      to: 2,
      openedDigest: openedDigestOf(salt, opened),
      commonDigest: positionsDigest(opened.map(({ position }) => ({ position }))),
      accessAt: 0,
    },
    signers.log,
  )
  const asker = await createInstitute('peer.example')
  const claims = { iss: peer, aud: iss, iat: 1_700_000_020, exp: 1_700_000_080, jti: bytesOf('worked example', 16) }
  const request = { htm: 'GET', tgt: '/v1/log/entries?from=0&limit=1000', bdg: emptyBodyDigest }
  const token = await signRequestToken({ ...claims, ...request }, asker.signers.request)
  const statement = observationEntry.statement
  return [
    'The private key of each purpose is the Ed25519 key whose seed (RFC 8032 §5.1.5) is the SHA-256 of `concordance test key`, a\n' +
      'space, the host, a space and the purpose; for the root key of `node.example`:',
    code(JSON.stringify(publicJwkOf(testKey('node.example root')))),
    'Its RFC 7638 thumbprint is the pin that peers are told out of band:',
    code(pin),
    'The root signs keyset document 1. This is its payload, then the JWS:',
    code(payloadOf(institute.keyset.compact), institute.keyset.compact),
    `The body of the observation, canonical, ${Buffer.byteLength(observationEntry.body)} bytes:`,
    code(observationEntry.body),
    'The statement that commits to it. Header, payload and JWS:',
    code(headerOf(statement), payloadOf(statement), statement),
    'Record id (SHA-256 of the JWS) and leaf (SHA-256 of `0x00`, `0x01` and the record id):',
    code(recordIdOfEntry(statement), observationEntry.leaf),
    'The keyset record stands at position 0, the observation at position 1. The root over both leaves, and the checkpoint:',
    code(encodeBase64url(root), payloadOf(checkpoint), checkpoint),
    'The same as a C2SP signed note:',
    code(note.trimEnd()),
    `The peer \`${peer}\` asks for the log with this token in \`Authorization: Concordance …\`:`,
    code(payloadOf(token), token),
    'and is answered with this page:',
    code(...entries.map(formatEntryLine), formatTrailerLine({ next: 2, coverage, checkpoint, salt })),
    'whose coverage statement says:',
    code(payloadOf(coverage)),
  ].join('\n\n')
}

/** What stands between the markers of docs/protocol.md. */
export function readWorkedExample(): string {
  const text = readFileSync(document, 'utf8')
  const start = begin.exec(text)
  if (!start) throw new Error('docs/protocol.md has lost the marker of its worked example')
  return text.slice(start.index + start[0].length, text.indexOf(end)).trim()
}

function code(...lines: string[]): string {
  return ['```', ...lines, '```'].join('\n')
}

function headerOf(compact: string): string {
  return textOf(compact.split('.')[0])
}

function payloadOf(compact: string): string {
  return textOf(compact.split('.')[1])
}

function textOf(segment = ''): string {
  return Buffer.from(decodeBase64url(segment)).toString('utf8')
}

function recordIdOfEntry(statement: string): string {
  return encodeBase64url(new Uint8Array(createHash('sha256').update(statement).digest()))
}

if (process.argv.includes('--write')) {
  const text = readFileSync(document, 'utf8')
  const marker = begin.exec(text)?.[0] ?? ''
  const [before = '', after = ''] = [text.split(marker)[0], text.slice(text.indexOf(end))]
  writeFileSync(document, `${before}${marker}\n${await renderWorkedExample()}\n\n${after}`)
}
