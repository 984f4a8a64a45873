import { createHash } from 'node:crypto'
import { api, problems, type RouteContract } from '@concordance/protocol'
import { type OpenApi, tags } from './open-api.ts'

/** The document as one page of HTML: no script, nothing from elsewhere. */
export function renderReference(document: OpenApi): string {
  const routes = Object.values(api) as RouteContract[]
  const sections = Object.entries(tags).map(([tag, text]) => {
    const operations = routes.filter((route) => route.tags.includes(tag)).map(renderOperation)
    return `<section id="${tag}"><h2>${tag}</h2><p>${escapeHtml(text)}</p>${operations.join('')}</section>`
  })
  const links = Object.keys(tags).map((tag) => `<a href="#${tag}">${tag}</a>`)
  const codes = Object.entries(problems).map(
    ([code, { status, title, remedy }]) =>
      `<tr><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td><td>${escapeHtml(remedy)}</td></tr>`,
  )
  const { title, summary } = document.info as { title: string; summary: string }
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}: API</title><style>${style}</style></head><body><h1>${escapeHtml(title)}: API</h1><p>${escapeHtml(summary)}</p>
<p>For programs: <a href="/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p><nav>${links.join(' · ')}</nav>
<main>${sections.join('')}<section id="problems"><h2>problems</h2><table><thead><tr><th>code</th><th>status</th><th>what</th>
<th>what to do</th></tr></thead><tbody>${codes.join('')}</tbody></table></section></main></body></html>`
}

function renderOperation(route: RouteContract): string {
  const who = {
    public: 'anybody',
    peer: 'peers',
    person: 'people of the institute',
    viewer: 'anybody; sees what is open to them',
  }
  const scopes = [route.scope, ...(route.alsoScopes ?? [])].map((each) => `<code>${each}</code>`)
  const scope = route.scope === undefined ? '' : `, scope ${scopes.join(' or ')}`
  const { problems: codes = [] } = route
  const listed = codes.length === 0 ? '' : `<p>Problems: ${codes.map((code) => `<code>${code}</code>`).join(', ')}</p>`
  const { body, querystring, params } = route.schema
  const parts = Object.entries({ path: params, query: querystring, body }).flatMap(([name, schema]) =>
    schema
      ? [`<details><summary>${name}</summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`]
      : [],
  )
  return `<article id="${route.operationId}"><h3><code>${route.method} ${escapeHtml(route.url)}</code></h3><p><b>${escapeHtml(
    route.summary,
  )}.</b> ${escapeHtml(route.description)}</p><p>For ${who[route.access]}${scope}.</p>${listed}${parts.join('')}</article>`
}

const style = `body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h3{margin:1.5rem 0 0}code,pre{font-family:ui-monospace,monospace}pre{overflow:auto;background:#f4f4f4;padding:.5rem}
article{border-block-start:1px solid #ccc}table{border-collapse:collapse}td,th{text-align:start;padding:.25rem .75rem .25rem 0;vertical-align:top}
a{color:#0b57a4}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#222}a{color:#8ab8ec}}`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The page may use its one style and nothing else. */
export const contentPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
