/** A made-up observation, marked GREEN, as a draft is written by hand. */
export const observation = `
type: observation
lang: en
mark: { tlp: GREEN, relay: none }
content:
  seen: { en: Callers report cloned voices. }
  country: KE
  sector: finance
  howOften: weekly
  wish: { en: A shared test. }
  synthetic: true
`
