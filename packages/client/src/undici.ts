import { createRequire } from 'node:module'

type Undici = typeof import('undici')

const require = createRequire(import.meta.url)

// What of undici speaks HTTP, by path: its entry also loads fetch, WebSockets, caches and mocks, which nobody here uses
// and every process would hold. As in that entry, `request` is joined to the dispatchers here.
export const Agent: Undici['Agent'] = require('undici/lib/dispatcher/agent.js')
export const buildConnector: Undici['buildConnector'] = require('undici/lib/core/connect.js')

Object.assign(Agent.prototype, { request: require('undici/lib/api/api-request.js') })
