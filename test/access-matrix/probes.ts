import { randomUUID } from 'node:crypto'
import { encodeBase64url } from '@concordance/protocol'
import type { Asked } from './callers.ts'
import { commonWord } from './plant.ts'
import type { World } from './world.ts'

const record = encodeBase64url(new Uint8Array(32).fill(7))
const finding = '00000000-0000-7000-8000-000000000000'
const draft = '00000000-0000-4000-8000-000000000000'
const nobody = encodeURIComponent('https://nobody.example')
const green = { tlp: 'GREEN', relay: 'none' }
const content = {
  seen: { en: 'A model is slower on Mondays.' },
  country: 'KE',
  sector: 'health',
  howOften: 'weekly',
  wish: { en: 'A joint test.' },
}
const observation = { type: 'observation', lang: 'en', mark: green, content }
const group = { name: { en: 'A circle' }, members: [{ iss: 'https://nobody.example' }] }
const outcome = { outcome: 'cleared' }

/** One request of each operation that a caller who is in its circle may make and that changes nothing of the world. */
export const probes: Readonly<Record<string, (world: World) => Asked>> = {
  getNodeDocument: () => ({ path: '/.well-known/concordance' }),
  getLiveness: () => ({ path: '/livez' }),
  getReadiness: () => ({ path: '/readyz' }),
  getOpenApi: () => ({ path: '/v1/openapi.json' }),
  getReference: () => ({ path: '/v1/docs' }),
  getProblem: () => ({ path: '/v1/problems/not-found' }),
  getCheckpoint: () => ({ path: '/v1/log/checkpoint' }),
  proveInclusion: () => ({ path: '/v1/log/proof/inclusion?position=0' }),
  proveConsistency: () => ({ path: '/v1/log/proof/consistency?from=1' }),
  signIn: () => ({ path: '/v1/sign-in' }),
  returnFromSignIn: () => ({ path: '/v1/sign-in/return?code=none&state=none' }),
  signOut: ({ node }) =>
    post('/v1/sign-out', undefined, { origin: node.deps.identity.base, 'concordance-request': '1' }),
  listEntries: () => ({ path: '/v1/log/entries?from=0' }),
  listAccess: () => ({ path: '/v1/access?from=0' }),
  listObservations: ({ origin }) => ({ path: `/v1/log/checkpoints?origin=${encodeURIComponent(originOf(origin))}` }),
  getMirroredCheckpoint: ({ origin }) => ({ path: `/v1/logs/${encodeURIComponent(originOf(origin))}/checkpoint` }),
  notify: () => post('/v1/notify', { size: 1 }),
  answerSearch: () => post('/v1/search', questionOf(commonWord)),
  listRecords: () => ({ path: '/v1/records?limit=200' }),
  getRecord: () => ({ path: `/v1/records/${record}` }),
  getRecordBody: () => ({ path: `/v1/records/${record}/body` }),
  getRecordProof: () => ({ path: `/v1/records/${record}/proof` }),
  getCitation: () => ({ path: `/v1/records/${record}/citation` }),
  getJsonLd: () => ({ path: `/v1/records/${record}/json-ld` }),
  listCitations: () => ({ path: `/v1/records/${record}/citations` }),
  getFinding: () => ({ path: `/v1/findings/${nobody}/${finding}` }),
  search: () => ({ path: `/v1/search?q=${commonWord}&limit=200` }),
  streamSearch: () => ({ path: `/v1/search/stream?q=${commonWord}&budgetMs=5000` }),
  getLateAnswers: () => ({ path: `/v1/search/${finding}` }),
  exportSearch: () => ({ path: `/v1/search/export?format=csv&q=${commonWord}` }),
  feedSearch: () => ({ path: `/v1/search/feed?q=${commonWord}` }),
  listSearches: () => ({ path: '/v1/searches' }),
  saveSearch: () => post('/v1/searches', { name: randomUUID(), filters: { q: commonWord } }),
  deleteSearch: () => ({ method: 'DELETE', path: `/v1/searches/${draft}` }),
  explainAccess: () => ({ path: `/v1/records/${record}/audience` }),
  listPeers: () => ({ path: '/v1/peers' }),
  listPeerSync: () => ({ path: '/v1/peers/sync' }),
  listMisconduct: () => ({ path: '/v1/misconduct' }),
  createDraft: () => post('/v1/drafts', observation),
  replaceDraft: () => put(`/v1/drafts/${draft}`, observation),
  deleteDraft: () => ({ method: 'DELETE', path: `/v1/drafts/${draft}`, headers: { 'if-match': '"1"' } }),
  reviseFinding: () => post(`/v1/findings/${finding}/revise`),
  previewAudience: () => post('/v1/audience', { mark: green }),
  submitDraft: () => post(`/v1/drafts/${draft}/submit`, {}),
  recallDraft: () => post(`/v1/drafts/${draft}/recall`),
  addClearance: () =>
    post(`/v1/drafts/${draft}/clearances`, { developer: 'Lab', agreement: 'No. 7', dueOn: '2099-01-01' }),
  decideClearance: () => put(`/v1/drafts/${draft}/clearances/1`, outcome),
  markRecord: () => post(`/v1/records/${record}/marking`, { mark: green }),
  createGroup: () => post('/v1/groups', group),
  replaceGroup: () => put(`/v1/groups/${finding}`, group),
  listDrafts: () => ({ path: '/v1/drafts?limit=200' }),
  getDraft: () => ({ path: `/v1/drafts/${draft}` }),
  getReview: () => ({ path: `/v1/drafts/${draft}/reviews` }),
  getChanges: () => ({ path: `/v1/drafts/${draft}/changes` }),
  listComments: () => ({ path: `/v1/drafts/${draft}/comments` }),
  listClearances: () => ({ path: `/v1/drafts/${draft}/clearances` }),
  addComment: () => post(`/v1/drafts/${draft}/comments`, { pointer: '/content', text: 'Why Mondays?' }),
  resolveComment: () => put(`/v1/drafts/${draft}/comments/1`, { resolved: true }),
  sendBackDraft: () => post(`/v1/drafts/${draft}/send-back`, { reason: 'Say how often.' }),
  approveDraft: () => post(`/v1/drafts/${draft}/approve`, { hazard: { answer: 'none', text: 'Nothing to misuse.' } }),
  publishRecord: () => post('/v1/records', observation),
  publishDraft: () => post(`/v1/drafts/${draft}/publish`),
  withdrawFinding: () => post(`/v1/findings/${finding}/withdraw`, { reason: 'error' }),
  overrideClearance: () => post(`/v1/drafts/${draft}/clearances/1/override`, { reason: 'They never answered.' }),
  listGroups: () => ({ path: '/v1/groups' }),
  getGroup: () => ({ path: `/v1/groups/${finding}` }),
  listAudit: () => ({ path: '/v1/audit?limit=200' }),
  syncNow: () => post('/v1/sync', { peer: 'https://nobody.example' }),
  suspendPeer: () => post(`/v1/peers/${nobody}/suspend`),
  resumePeer: () => post(`/v1/peers/${nobody}/resume`),
  listQuarantine: () => ({ path: '/v1/quarantine' }),
  verifyLog: () => ({ path: '/v1/log/verify' }),
  confirmLog: () => post('/v1/log/confirm', { size: 1, reason: 'The newest backup.' }),
  listPeople: () => ({ path: '/v1/people?limit=200' }),
  disablePerson: () => post(`/v1/people/${draft}/disable`),
  enablePerson: () => post(`/v1/people/${draft}/enable`),
  getSession: () => ({ path: '/v1/session' }),
  listApiTokens: () => ({ path: '/v1/tokens' }),
  revokeApiToken: () => ({ method: 'DELETE', path: '/v1/tokens/none' }),
  createApiToken: () => post('/v1/tokens', { name: 'laptop', scopes: ['read'], days: 1 }),
}

/** A peer's question. */
export function questionOf(q: string, granularity: 'boolean' | 'count' | 'summary' | 'full' = 'full') {
  return { queryId: randomUUID(), budgetMs: 5_000, granularity, for: 'staff', label: 'AMBER', filters: { q } }
}

export function post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Asked {
  return act('POST', path, body, headers)
}

function put(path: string, body: unknown): Asked {
  return act('PUT', path, body, {})
}

function act(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Asked {
  const all = { 'idempotency-key': randomUUID(), 'if-match': '"1"', ...headers }
  return { method, path, headers: all, ...(body !== undefined && { body }) }
}

export function originOf({ deps }: World['node']): string {
  return deps.identity.origin
}
