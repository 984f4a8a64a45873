import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { keepsBeginning, stemmingFor } from '../../src/search/languages.ts'
import { listStems } from '../../src/search/stem.ts'
import { tokenise } from '../../src/search/tokenise.ts'
import { openStemmer } from '../support/stemmer.ts'

const declarations = new URL('../../../../test/retrieval/data/udhr/', import.meta.url)

t.test('stems begin as their words do, in every language of which that is said', async (t) => {
  const stemmer = await openStemmer(t)
  let changed = 0
  for (const name of (await readdir(declarations)).filter((file) => file.endsWith('.json'))) {
    const lang = name.replace('.json', '')
    const articles = JSON.parse(await readFile(new URL(name, declarations), 'utf8')) as { text: string }[]
    const texts = articles.map(({ text }) => ({ lang, tokens: tokenise(text) }))
    const stems = await listStems(stemmer, texts)
    const stemmingOf = stemmingFor(lang)
    const others = texts.flatMap(({ tokens }, text) =>
      tokens.flatMap(({ word, exact }, i) => {
        const [stem, stemming] = [stems[text]?.[i] ?? '', word === undefined ? undefined : stemmingOf(word)]
        if (stem !== '' && stem[0] !== exact[0]) changed += 1
        return stemming && keepsBeginning(stemming) && stem !== '' && stem[0] !== exact[0] ? [`${word}: ${stem}`] : []
      }),
    )
    t.strictSame(others, [], lang)
  }
  t.ok(changed > 0, 'and there are others')
})

t.test('passing over words by their beginning leaves the stems that matter', async (t) => {
  const stemmer = await openStemmer(t)
  const texts = [
    { lang: 'en', tokens: tokenise('refusals judged') },
    { lang: 'id', tokens: tokenise('pertanyaan') },
  ]
  const [[refusal], [question]] = (await listStems(stemmer, texts)) as [string[], string[]]
  t.ok(refusal && question)
  t.strictSame(await listStems(stemmer, texts, new Set(['r'.charCodeAt(0)])), [[refusal, ''], [question]])
})
