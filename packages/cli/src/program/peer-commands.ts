import type { Command } from 'commander'
import { withExamples } from './options.ts'
import type { Run } from './run.ts'

/** Other institutes: copying their logs, and what was found about them. */
export function definePeerCommands(program: Command, run: Run): void {
  defineSync(program, run)
  const peer = program.command('peer').description('The institutes your node exchanges with.')
  withExamples(
    peer
      .command('list')
      .description('List the peers and the root key pinned for each.')
      .action(run('list the peers', async (context) => (await import('../commands/peer.ts')).listPeers(context))),
    'concordance peer list',
    'concordance peer list --json | jq -r .pin',
  )
  const load = () => import('../commands/peer.ts')
  withExamples(
    peer
      .command('suspend <entity-id>')
      .description('Answer a peer no more, at once; what it holds it holds.')
      .action(run('suspend the peer', async (context, iss: string) => (await load()).suspendPeer(context, iss))),
    'concordance peer suspend https://b.institute.example',
    'concordance peer suspend https://b.institute.example --json',
  )
  withExamples(
    peer
      .command('resume <entity-id>')
      .description('Take a suspended peer back: it is given all that is open to it.')
      .option('--yes', 'do not ask')
      .action(
        run('resume the peer', async (context, iss: string, options: never) =>
          (await load()).resumePeer(context, iss, options),
        ),
      ),
    'concordance peer resume https://b.institute.example',
    'concordance peer resume https://b.institute.example --yes',
  )
  defineEvidence(program, run)
}

function defineSync(program: Command, run: Run): void {
  const sync = program.command('sync').description('Copying the logs of the peers.')
  const load = () => import('../commands/sync.ts')
  withExamples(
    sync
      .command('now')
      .description('Copy what is new now, and say what came of it.')
      .option('--peer <entity-id>', 'one peer only')
      .action(run('copy the logs', async (context, options: never) => (await load()).syncNow(context, options))),
    'concordance sync now',
    'concordance sync now --peer https://node.institute.example',
  )
  withExamples(
    sync
      .command('status')
      .description('Show how far each peer’s log is copied and verified.')
      .action(run('show the status', async (context) => (await load()).showStatus(context))),
    'concordance sync status',
    'concordance sync status --json | jq \'select(.state != "following")\'',
  )
  withExamples(
    sync
      .command('quarantine')
      .description('List entries that are stored and proven but not interpreted, and why.')
      .action(run('list the quarantine', async (context) => (await load()).listQuarantine(context))),
    'concordance sync quarantine',
    'concordance sync quarantine --json | jq -r .code | sort | uniq -c',
  )
}

function defineEvidence(program: Command, run: Run): void {
  const evidence = program.command('evidence').description('Kept proof that an institute contradicted itself.')
  const load = () => import('../commands/evidence.ts')
  withExamples(
    evidence
      .command('list')
      .description('List the evidence of misconduct found so far.')
      .action(run('list the evidence', async (context) => (await load()).listEvidence(context))),
    'concordance evidence list',
    'concordance evidence list --json | jq .kind',
  )
  withExamples(
    evidence
      .command('show <id>')
      .description('Say what one bundle of evidence shows, and what to do.')
      .action(run('show the evidence', async (context, id: string) => (await load()).showEvidence(context, id))),
    'concordance evidence show 1',
    'concordance evidence show 1 --json | jq .bundle.iss',
  )
  withExamples(
    evidence
      .command('export <id>')
      .description('Give one bundle, which convinces anybody who trusts the pinned key: see `verify`.')
      .option('-o, --output <file>', 'write to a file instead of stdout')
      .action(
        run('export the evidence', async (context, id: string, options: never) =>
          (await load()).exportEvidence(context, id, options),
        ),
      ),
    'concordance evidence export 1 -o misconduct.json',
    'concordance evidence export 1 | jq .kind',
  )
}
