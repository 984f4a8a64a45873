import { api, type RouteContract } from '@concordance/protocol'
import t from 'tap'
import type { Caller } from './callers.ts'
import { createFindings, hold, holdSilence } from './hold.ts'
import { expectedStatus, listedOperations } from './operations.ts'
import { live, mirrored, own, type ViewerName } from './oracle.ts'
import { probes } from './probes.ts'
import { showAll, shows } from './shows.ts'
import { createWorld } from './world.ts'

/** Signing out comes last: nobody is signed in after it. */
const contract = (Object.values(api) as RouteContract[]).sort(
  (a, b) => Number(a === api.signOut) - Number(b === api.signOut),
)

/** Active peers like any other as far as calling goes. */
const equals: readonly ViewerName[] = ['latecomer', 'stranger', 'former', 'clear', 'relay']

t.test('the tables of who may call what', async (t) => {
  const ids = contract.map(({ operationId }) => operationId)

  await t.test('have a row and a probe for every operation of the contract', async (t) => {
    t.strictSame(
      ids.filter((id) => !listedOperations.includes(id)),
      [],
      'without a row in operations.ts',
    )
    t.strictSame(
      ids.filter((id) => probes[id] === undefined),
      [],
      'without a probe in probes.ts',
    )
  })

  await t.test('have no row for anything else', async (t) => {
    t.strictSame(
      [...listedOperations, ...Object.keys(probes), ...Object.keys(shows)].filter((id) => !ids.includes(id)),
      [],
    )
  })
})

t.test('the access matrix', async (t) => {
  const world = await createWorld(t)
  const callers = Object.entries(world.callers) as [ViewerName, Caller][]
  const all = createFindings()

  await t.test('has a record for every row of the tables, and none beside them', async (t) => {
    for (const [owner, rows] of Object.entries({ own, mirrored, live })) {
      const planted = world.records.filter((record) => record.owner === owner).map(({ name }) => name)
      t.strictSame(planted.sort(), [...rows.keys()].sort(), owner)
    }
  })

  for (const operation of Object.keys(shows)) {
    await t.test(`${operation} shows each viewer what is for them`, async (t) => {
      const findings = createFindings()
      const started = performance.now()
      await showAll(world, findings, operation)
      const cells = [...findings.cells.values()].reduce((sum, count) => sum + count, 0)
      t.comment(`${cells} cells in ${Math.round(performance.now() - started)} ms`)
      t.strictSame(findings.deviations, [])
      t.ok(cells > 0)
      all.deviations.push(...findings.deviations)
      all.cells.set(operation, cells)
    })
  }

  await t.test('lets nobody call what is not theirs, and shows nothing in refusals', async (t) => {
    const findings = createFindings()
    for (const { operationId: operation } of contract) {
      for (const [viewer, caller] of callers) {
        if (equals.includes(viewer)) continue
        const asked = probes[operation]?.(world)
        const must = expectedStatus(operation, viewer)
        if (!asked || must === undefined) continue
        const answer = await caller.ask(asked)
        hold(findings, { operation, viewer, what: 'the status', must, is: answer.status })
        // Whoever may stream a search is answered by the peers too.
        holdSilence(findings, world, { operation, viewer }, asked, answer, operation === 'streamSearch')
      }
    }
    t.strictSame(findings.deviations, [])
    all.deviations.push(...findings.deviations)
    for (const [operation, cells] of findings.cells) all.cells.set(operation, (all.cells.get(operation) ?? 0) + cells)
  })

  const cells = [...all.cells.values()].reduce((sum, count) => sum + count, 0)
  const missing = contract.filter(({ operationId }) => !all.cells.has(operationId)).length
  t.comment(`cells checked: ${cells}; deviations: ${all.deviations.length}; operations without a cell: ${missing}`)
})
