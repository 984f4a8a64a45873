/** An element as a strict reader of XML sees it; only what our writers may use is understood at all. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  readonly text: string
  all(name: string): Element[]
  /** @throws where there is none, or more than one. */
  one(name: string): Element
}

/** @throws for anything that is not well-formed, and for comments, CDATA, document types and entities of one's own. */
export function readXml(xml: string): Element {
  const declaration = '<?xml version="1.0" encoding="utf-8"?>\n'
  if (!xml.startsWith(declaration)) throw new Error('no declaration')
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(xml))
    throw new Error('a character XML has no place for')
  const root = create('', {})
  const open = [root]
  let rest = xml.slice(declaration.length)
  while (rest !== '') {
    const [token, text, end, name, attributes, closed] =
      /^(?:([^<>]+)|<\/([\w:-]+)>|<([\w:-]+)((?: [\w:]+="[^"<>]*")*)(\/?)>)/.exec(rest) ?? []
    if (token === undefined) throw new Error(`not well-formed: ${rest.slice(0, 60)}`)
    rest = rest.slice(token.length)
    const top = open.at(-1) as Element & { text: string }
    if (text !== undefined) top.text += resolve(text)
    else if (end !== undefined) {
      if (open.pop()?.name !== end) throw new Error(`${end} ends nothing`)
    } else if (name !== undefined) {
      const element = create(name, readAttributes(attributes ?? ''))
      top.children.push(element)
      if (closed !== '/') open.push(element)
    }
  }
  const [only, ...others] = root.children
  if (open.length !== 1 || !only || others.length > 0 || root.text.trim() !== '') throw new Error('not one element')
  return only
}

function create(name: string, attributes: Record<string, string>): Element & { text: string } {
  const children: Element[] = []
  const all = (wanted: string) => children.filter((child) => child.name === wanted)
  const one = (wanted: string) => {
    const [only, ...others] = all(wanted)
    if (!only || others.length > 0) throw new Error(`there is not exactly one ${wanted}`)
    return only
  }
  return { name, attributes, children, text: '', all, one }
}

function readAttributes(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/ ([\w:]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, resolve(value)]),
  )
}

function resolve(text: string): string {
  if (/&(?!#\d+;)/.test(text)) throw new Error('an ampersand that begins no reference')
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}
