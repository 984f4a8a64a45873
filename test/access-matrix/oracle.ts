/*
 * What every caller must get, written down by hand from TLP 2.0 and the rules of docs/security.md. Nothing here is taken
 * from the product: where the two differ, one of them is wrong, and it is not enough to change this file.
 */

/** Whoever asks. People have signed in at the institute's provider; peers sign every request. */
export const viewers = [
  'anonymous',
  'researcher', // signed in, outside the staff
  'visitor', // the same, with every role
  'reader', // staff with this role; so the next four
  'author',
  'reviewer',
  'publisher',
  'operator', // not a reader
  'everybody', // staff with every role
  'member', // active peer, in the group from the start
  'latecomer', // … with a history that begins later
  'stranger', // … in no group
  'former', // … taken out of the group
  'green', // … in the group, with the ceiling GREEN
  'clear', // … in the group, with the ceiling CLEAR
  'relay', // … in a group of another institute, whose records we copied
  'suspended', // in the group, and suspended
  'unknown', // an institute that is not configured here
] as const
export type ViewerName = (typeof viewers)[number]

/** `o`: open. `s`: the statement, without body and title. `-`: as if it did not exist. */
export type Openness = 'o' | 's' | '-'

/** What a viewer is to a record. `hand`: staff that worked on it. */
type Standing = 'public' | 'researcher' | 'staff' | 'hand' | PeerStanding
export type PeerStanding = (typeof peerStandings)[number]
export const peerStandings = ['member', 'latecomer', 'stranger', 'former', 'green', 'clear', 'relay'] as const

const standings: Record<ViewerName, Standing | undefined> = {
  anonymous: 'public',
  researcher: 'researcher',
  visitor: 'researcher',
  reader: 'staff',
  author: 'hand',
  reviewer: 'staff',
  publisher: 'staff',
  operator: 'staff',
  everybody: 'staff',
  member: 'member',
  latecomer: 'latecomer',
  stranger: 'stranger',
  former: 'former',
  green: 'green',
  clear: 'clear',
  relay: 'relay',
  suspended: undefined,
  unknown: undefined,
}

/**
 * Own records. Names say the marking: `~` an embargo that runs, `^` one that has ended, `+` with a group, `>` re-marked.
 * `early`: before the latecomer's history. `lapsed`: for a group that has run out; `foreign`: for a peer's group;
 * `nowhere`: for a group nobody here knows. `sent`: opened to peers before it was narrowed.
 */
export const own = readTable(`
                         label  public researcher staff hand  member latecomer stranger former green clear relay
keyset                   CLEAR    o o o o  o o o o o o o
clear                    CLEAR    o o o o  o o o o o o o
green                    GREEN    - o o o  o o o o o - o
amber                    AMBER    - o o o  o o - - - - -
strict                   STRICT   - - o o  o o - - - - -
red                      RED      - - - o  - - - - - - -
green,relay              GREEN    - o o o  o o o o o - o
amber,relay              AMBER    - o o o  o o - - - - -
amber,early              AMBER    - o o o  o - - - - - -
strict,early             STRICT   - - o o  o - - - - - -
amber,between            AMBER    - o o o  o o - - - - -
amber,lapsed             AMBER    - o o o  - - - - - - -
strict,lapsed            STRICT   - - o o  - - - - - - -
amber,foreign            AMBER    - o o o  - - - - - - o
strict,foreign           STRICT   - - o o  - - - - - - o
amber,nowhere            AMBER    - o o o  - - - - - - -
clear~                   CLEAR    - - o o  - - - - - - -
clear~+                  CLEAR    - - o o  o o - - o o -
clear~+early             CLEAR    - - o o  o - - - o o -
clear~+lapsed            CLEAR    - - o o  - - - - - - -
green~                   GREEN    - - o o  - - - - - - -
green~+                  GREEN    - - o o  o o - - o - -
amber~                   AMBER    - - o o  o o - - - - -
strict~                  STRICT   - - o o  o o - - - - -
clear^                   CLEAR    o o o o  o o o o o o o
clear^+                  CLEAR    o o o o  o o o o o o o
green^                   GREEN    - o o o  o o o o o - o
green^+                  GREEN    - o o o  o o o o o - o
amber^                   AMBER    - o o o  o o - - - - -
strict^                  STRICT   - - o o  o o - - - - -
clear,withdrawn          CLEAR    s s s s  s s s s s s s
clear,withdrawal         CLEAR    o o o o  o o o o o o o
green,withdrawn          GREEN    - s s s  s s s s s - s
green,withdrawal         GREEN    - o o o  o o o o o - o
amber,withdrawn          AMBER    - s s s  s s - - - - -
amber,withdrawal         AMBER    - o o o  o o - - - - -
strict,withdrawn         STRICT   - - s s  s s - - - - -
strict,withdrawal        STRICT   - - o o  o o - - - - -
red,withdrawn            RED      - - - s  - - - - - - -
red,withdrawal           RED      - - - o  - - - - - - -
clear~,withdrawn         CLEAR    - - s s  - - - - - - -
clear~,withdrawal        CLEAR    - - o o  - - - - - - -
green>amber,sent         AMBER    - s s s  s - - - - - -
green>amber,sent,withdrawal AMBER - o o o  o o o o o - o
green>amber,sent,marking AMBER    - o o o  o - - - - - -
green>amber,unsent       AMBER    - s s s  s s - - - - -
green>amber,unsent,marking AMBER  - o o o  o o - - - - -
green>amber,unsent,withdrawal AMBER - o o o  o o - - - - -
green>clear~             CLEAR    - - o o  - - - - - - -
green>clear~,marking     GREEN    - - o o  - - - - - - -
green~>green             GREEN    - o o o  o o o o o - o
green~>green,marking     GREEN    - - o o  - - - - - - -
clear^>strict            STRICT   - - o o  o o - - - - -
clear^>strict,marking    CLEAR    - - o o  o o - - - - -
green>red>amber          AMBER    - o o o  o o - - - - -
green>red>amber,first    RED      - - - o  - - - - - - -
green>red>amber,second   RED      - - - o  - - - - - - -
green-amber,1            GREEN    - o o o  o o o o o - o
green-amber,2            AMBER    - o o o  o o - - - - -
amber-green,1            AMBER    - o o o  o o - - - - -
amber-green,2            GREEN    - o o o  o o o o o - o
clear-red,1              CLEAR    o o o o  o o o o o o o
clear-red,2              RED      - - - o  - - - - - - -
circle,1                 AMBER    - - o o  o - - - - - -
circle,2                 AMBER    - - o o  o o - - - - -
lapsed,1                 AMBER    - - o o  - - - - - - -
`)

/**
 * Records re-marked from one plain label to another: the row above that the record is then like, and the one that its
 * marking record is like, which has the narrower of the two markings.
 */
export const remarkings = `
clear>green   green   green
clear>amber   amber   amber
clear>strict  strict  strict
clear>red     red     red
green>clear   clear   green
green>amber   amber   amber
green>strict  strict  strict
green>red     red     red
amber>clear   clear   amber
amber>green   green   amber
amber>strict  strict  strict
amber>red     red     red
strict>clear  clear   strict
strict>green  green   strict
strict>amber  amber   strict
strict>red    red     red
red>clear     clear   red
red>green     green   red
red>amber     amber   red
red>strict    strict  red
`
  .trim()
  .split('\n')
  .map((line) => line.split(/ +/) as [name: string, record: string, marking: string])
for (const [name, record, marking] of remarkings) {
  own.set(name, own.get(record) as Row)
  own.set(`${name},marking`, own.get(marking) as Row)
}

/** Records of a peer, copied here. What its origin closed to us, or never opened, is here for nobody. Nobody relays. */
export const mirrored = readTable(`
                         label  public researcher staff peer
keyset                   CLEAR    o o o o
clear                    CLEAR    o o o o
green                    GREEN    - o o -
amber                    AMBER    - o o -
strict                   STRICT   - - o -
red                      RED      - - - -
green,relay              GREEN    - o o -
amber,relay              AMBER    - o o -
amber,others             AMBER    - - - -
clear~                   CLEAR    - - - -
clear~+                  CLEAR    - - o -
green~+                  GREEN    - - o -
amber~                   AMBER    - - o -
clear^                   CLEAR    o o o o
clear^+                  CLEAR    o o o o
green^+                  GREEN    - o o -
green>clear              CLEAR    o o o o
green>clear,marking      GREEN    - - o -
clear>green              GREEN    - o o -
clear>green,marking      GREEN    - - o -
green>strict             STRICT   - - o -
green>strict,marking     STRICT   - - o -
strict>clear             CLEAR    o o o o
strict>clear,marking     STRICT   - - o -
clear^>strict            STRICT   - - o -
clear^>strict,marking    CLEAR    - - o -
green>others             AMBER    - - - -
green>others,marking     AMBER    - - - -
amber>red                RED      - - - -
amber>red,marking        RED      - - - -
clear,withdrawn          CLEAR    s s s s
clear,withdrawal         CLEAR    o o o o
green,withdrawn          GREEN    - s s -
green,withdrawal         GREEN    - o o -
strict,withdrawn         STRICT   - - s -
strict,withdrawal        STRICT   - - o -
green-strict,1           GREEN    - o o -
green-strict,2           STRICT   - - o -
circle,1                 AMBER    - - o -
others,1                 AMBER    - - - -
`)

/** Records of a peer that are not copied yet, which live answers to a search of ours may bring. */
export const live = readTable(`
                         label  public researcher staff peer
clear                    CLEAR    o o o -
green                    GREEN    - o o -
amber                    AMBER    - o o -
strict                   STRICT   - - - -
red                      RED      - - - -
green~+                  GREEN    - - o -
amber~                   AMBER    - - o -
`)

/** What the access feed of a peer says last of a record, `g`ranted or `r`evoked; of any other record it says nothing. */
export const told = readRows(`
                         member latecomer stranger former green clear relay
circle,1                 - - - r - - -
amber,early              - - - r - - -
strict,early             - - - r - - -
clear~+early             - - - r - - -
amber,between            - g - r - - -
clear^                   g g g g g g g
clear^+                  - - g g - - g
green^                   g g g g g - g
green^+                  - - g g - - g
clear^>strict            g g r r r r r
green>amber,sent         - r r r r - r
green>amber,unsent       - - r r r - r
green>clear~             r r r r r - r
green~>green             g g g g g - g
green>red>amber          g g r r r - r
clear>green              - - - - - r -
clear>amber              - - r r r r r
clear>strict             - - r r r r r
clear>red                r r r r r r r
green>clear              - - - - - g -
green>amber              - - r r r - r
green>strict             - - r r r - r
green>red                r r r r r - r
amber>clear              - - g g g g g
amber>green              - - g g g - g
amber>red                r r - - - - -
strict>clear             - - g g g g g
strict>green             - - g g g - g
strict>red               r r - - - - -
red>clear                g g g g g g g
red>green                g g g g g - g
red>amber                g g - - - - -
red>strict               g g - - - - -
`)

/**
 * Copied records whose ids and versions peers hold against each other, to catch an institute that signs two records for one
 * version: what its origin gives every active peer, and nothing under an embargo or narrowed further.
 */
export const observable: ReadonlySet<string> = new Set(
  `keyset clear green green,relay green>clear green>clear,marking clear>green clear>green,marking strict>clear
clear,withdrawn clear,withdrawal green,withdrawn green,withdrawal green-strict,1`.split(/\s+/),
)

/**
 * What names records by design, whoever may open them: the audit trail, which a second person reads, and the versions that
 * peers compare. Neither says a word of their content.
 */
export const namesRecords: ReadonlySet<string> = new Set(['listAudit', 'listObservations'])

/** Records of every label, relation to a group, embargo, change and withdrawal, own and copied. */
export const sample: ReadonlySet<string> = new Set(
  `keyset clear green amber strict red green,relay amber,early amber,lapsed strict,foreign amber,others
clear~ clear~+ green~+ amber~ clear^ clear^+ strict^ green>clear strict>clear clear>red green>strict green>others amber>red
green>clear,marking green>strict,marking clear^>strict clear^>strict,marking clear,withdrawn green,withdrawn red,withdrawn
green>amber,sent green>amber,sent,withdrawal green-amber,1 green-amber,2 clear-red,1 clear-red,2 circle,1 circle,2`.split(
    /\s+/,
  ),
)

/** May name a record that is closed to the reader: whatever is about another record, or comes after it, names it. */
export function mayName(name: string, other: string): boolean {
  const [base, last] = [name.replace(/,[^,]*$/, ''), name.slice(name.lastIndexOf(',') + 1)]
  if (last === 'marking' || last === 'first' || last === 'second') return other === base
  if (last === 'withdrawal') return other === base || other === `${base},withdrawn`
  return last === '2' && other === `${base},1`
}

export type Label = 'CLEAR' | 'GREEN' | 'AMBER' | 'AMBER+STRICT' | 'RED'

export interface Row {
  readonly label: Label
  readonly cells: ReadonlyMap<string, string>
}

export type Owner = 'own' | 'mirrored' | 'live'
const tables: Record<Owner, ReadonlyMap<string, Row>> = { own, mirrored, live }

/** @throws for a record without a row. */
export function rowOf(owner: Owner, name: string): Row {
  const row = tables[owner].get(name)
  if (!row) throw new Error(`${owner} ${name} has no row in the oracle`)
  return row
}

export function isPeerStanding(viewer: string): viewer is PeerStanding {
  return (peerStandings as readonly string[]).includes(viewer)
}

/** What a viewer must get of a record. */
export function expected(viewer: ViewerName, owner: Owner, name: string): Openness {
  const standing = standings[viewer]
  if (standing === undefined) return '-'
  return cellOf(rowOf(owner, name).cells, owner === 'own' ? standing : reduced(standing))
}

/** What an institute must get of one of our own records. */
export function expectedOfPeer(standing: PeerStanding | 'public', name: string): Openness {
  return cellOf(rowOf('own', name).cells, standing)
}

/** Other institutes' records: nobody here has worked on them, and peers are all alike. */
function reduced(standing: Standing): string {
  if (standing === 'hand') return 'staff'
  return isPeerStanding(standing) ? 'peer' : standing
}

function cellOf(cells: ReadonlyMap<string, string>, column: string): Openness {
  const cell = cells.get(column)
  if (cell !== 'o' && cell !== 's' && cell !== '-') throw new Error(`no cell in column ${column}`)
  return cell
}

function readTable(text: string): Map<string, Row> {
  return new Map(
    [...readRows(text)].map(([name, cells]) => {
      const label = cells.get('label')
      return [name, { label: (label === 'STRICT' ? 'AMBER+STRICT' : label) as Label, cells }]
    }),
  )
}

function readRows(text: string): Map<string, ReadonlyMap<string, string>> {
  const [header = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const columns = header.trim().split(/ +/)
  return new Map(
    lines.map((line) => {
      const [name = '', ...cells] = line.trim().split(/ +/)
      if (cells.length !== columns.length) throw new Error(`${name} has ${cells.length} cells of ${columns.length}`)
      return [name, new Map(columns.map((column, index) => [column, cells[index] as string]))]
    }),
  )
}
