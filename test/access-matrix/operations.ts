import type { ViewerName } from './oracle.ts'

/*
 * Who may call what at all, written down by hand. `o`: answered, `f`: 403, `u`: 401. What an answer then shows is in the
 * tables of records. What the institute works on is for its staff, whatever the role of somebody else.
 */
const circles = `
             anonymous researcher visitor reader author reviewer publisher operator everybody peer suspended unknown
anybody      o o o o o o o o o o o o
viewers      o o o o o o o f o o u u
peers        u u u u u u u u u o u u
people       u o o o o o o o o u u u
readers      u o o o o o o f o u u u
authors      u f f f o f f f o u u u
reviewers    u f f f f o f f o u u u
publishers   u f f f f f o f o u u u
drafters     u f f f o o o f o u u u
commenters   u f f f o o f f o u u u
colleagues   u f f f o o o o o u u u
auditors     u f f f f o f o o u u u
operators    u f o f f f f o o u u u
`

/**
 * Every operation of the contract: its circle, and the status that a caller in it gets for the probe of `probes.ts`. Most
 * probes of acts name something that does not exist, so that the world stays as it is.
 */
const operations = `
getNodeDocument      anybody     200
getLiveness          anybody     200
getReadiness         anybody     200
getOpenApi           anybody     200
getReference         anybody     200
getProblem           anybody     200
getCheckpoint        anybody     200
proveInclusion       anybody     200
proveConsistency     anybody     200
signIn               anybody     303
returnFromSignIn     anybody     401
signOut              anybody     204
listEntries          peers       200
listAccess           peers       200
listObservations     peers       200
getMirroredCheckpoint peers      200
notify               peers       204
answerSearch         peers       200
listRecords          viewers     200
getRecord            viewers     404
getRecordBody        viewers     404
getRecordProof       viewers     404
getCitation          viewers     404
getJsonLd            viewers     404
listCitations        viewers     404
getFinding           viewers     404
search               viewers     200
streamSearch         readers     200
getLateAnswers       readers     404
exportSearch         viewers     200
feedSearch           viewers     200
listSearches         readers     200
saveSearch           readers     201
deleteSearch         readers     404
explainAccess        readers     404
listPeers            readers     200
listPeerSync         readers     200
listMisconduct       readers     200
createDraft          authors     201
replaceDraft         authors     404
deleteDraft          authors     404
reviseFinding        authors     404
submitDraft          authors     404
recallDraft          authors     404
addClearance         authors     404
decideClearance      authors     404
markRecord           authors     404
createGroup          authors     201
replaceGroup         authors     404
listDrafts           drafters    200
previewAudience      drafters    200
getDraft             drafters    404
getReview            drafters    404
getChanges           drafters    404
listComments         drafters    404
listClearances       drafters    404
addComment           commenters  404
resolveComment       commenters  404
sendBackDraft        reviewers   404
approveDraft         reviewers   404
publishRecord        publishers  409
publishDraft         publishers  404
withdrawFinding      publishers  404
overrideClearance    publishers  404
listGroups           colleagues  200
getGroup             colleagues  404
listAudit            auditors    200
syncNow              operators   404
suspendPeer          operators   404
resumePeer           operators   404
listQuarantine       operators   200
verifyLog            operators   200
confirmLog           operators   409
listPeople           operators   200
disablePerson        operators   404
enablePerson         operators   404
getSession           people      200
listApiTokens        people      200
revokeApiToken       people      404
createApiToken       readers     201
`

const rows = new Map(
  linesOf(operations).map((line) => {
    const [name = '', circle = '', status = ''] = line.split(/ +/)
    return [name, { circle, status: Number(status) }]
  }),
)
const [header = '', ...lines] = linesOf(circles)
const columns = header.split(/ +/)
const cells = new Map(
  lines.map((line) => {
    const [circle = '', ...marks] = line.split(/ +/)
    return [circle, new Map(columns.map((column, index) => [column, marks[index] as 'o' | 'f' | 'u']))]
  }),
)

export const listedOperations: readonly string[] = [...rows.keys()]

/** The status that the probe of an operation must get; undefined where the operation has no row. */
export function expectedStatus(operation: string, viewer: ViewerName): number | undefined {
  const row = rows.get(operation)
  if (!row) return undefined
  const cell = cells.get(row.circle)?.get(columns.includes(viewer) ? viewer : 'peer')
  return cell && { o: row.status, f: 403, u: 401 }[cell]
}

/** Whether a viewer is answered at all. */
export function mayCall(operation: string, viewer: ViewerName): boolean {
  return expectedStatus(operation, viewer) === rows.get(operation)?.status && rows.has(operation)
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim())
}
