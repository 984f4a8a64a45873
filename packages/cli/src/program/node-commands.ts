import type { Command } from 'commander'
import { collect, wholeNumber, withExamples } from './options.ts'
import type { Run } from './run.ts'

/** Setting up and running the institute's own node. */
export function defineNodeCommands(program: Command, run: Run): void {
  program.commandsGroup('Your node:')
  defineInit(program, run)
  defineServe(program, run)
  withExamples(
    program
      .command('migrate')
      .description('Bring the database of the data folder up to this version.')
      .action(
        run('migrate the database', async (context) => (await import('../commands/migrate.ts')).migrate(context)),
      ),
    'concordance migrate',
    'DATABASE_URL=postgres://… concordance migrate --data /var/lib/concordance',
  )
  withExamples(
    program
      .command('doctor')
      .description('Check the node and everything it needs: OK, WARN or FAIL, and what to do.')
      .action(run('check the node', async (context) => (await import('../commands/doctor.ts')).doctor(context))),
    'concordance doctor',
    'concordance doctor --json | jq \'select(.state != "ok")\'',
  )
  defineTokens(program, run)
}

function defineInit(program: Command, run: Run): void {
  withExamples(
    program
      .command('init')
      .description('Make the keys and the configuration of a node in the data folder.')
      .option('--entity-id <url>', 'id of the institute: an https URL under its own name, for ever')
      .option('--base-url <url>', 'where peers reach the node; the entity id where not given')
      .option('--name <text>', 'name of the institute; with a language as `fr:Institut …`', collect, [])
      .option('--contact <text>', 'how peers reach a person')
      .option('--listen <host:port>', 'where the node listens', '127.0.0.1:8443')
      .option('--database <url>', '`embedded`, or the URL of a PostgreSQL server')
      .action(
        run('make the node', async (context, options: never) =>
          (await import('../commands/init.ts')).init(context, options),
        ),
      ),
    'concordance init --entity-id https://node.institute.example --database embedded',
    'concordance init --data /var/lib/concordance',
  )
}

function defineServe(program: Command, run: Run): void {
  withExamples(
    program
      .command('serve')
      .description('Run the node of the data folder until it is stopped.')
      .option('--role <role>', 'all, web or worker', 'all')
      .option('--listen <host:port>', 'where the node listens, instead of its configuration')
      .action(
        run('run the node', async (context, options: never) =>
          (await import('../commands/serve.ts')).serve(context, options),
        ),
      ),
    'concordance serve',
    'DATABASE_URL=postgres://… concordance serve --role worker',
  )
}

function defineTokens(program: Command, run: Run): void {
  const token = program.command('token').description('API tokens of people and programs of this institute.')
  withExamples(
    token
      .command('new <name>')
      .description('Issue a token. It is shown once, and works while the operator does not revoke it.')
      .option('--scope <scopes>', 'read, draft, review, publish, operate; several with commas', 'read')
      .option('--subject <subject>', 'the person or program it speaks for; the name where not given')
      .option('--days <days>', 'how long it is valid, 1 to 366', wholeNumber(1, 366), 90)
      .option('--save', 'write it to the data folder, where this command finds it')
      .action(
        run('issue a token', async (context, name: string, options: never) =>
          (await import('../commands/token.ts')).newToken(context, name, options),
        ),
      ),
    'concordance token new "me" --scope read,draft,publish --save',
    'concordance token new nightly-import --scope draft --days 30',
  )
  withExamples(
    token
      .command('list')
      .description('List every token ever issued; with --url, those that you may see there.')
      .action(run('list the tokens', async (context) => (await import('../commands/token.ts')).listTokens(context))),
    'concordance token list',
    'concordance token list --json',
  )
  withExamples(
    token
      .command('revoke <id>')
      .description('End the use of a token.')
      .action(
        run('revoke the token', async (context, id: string) =>
          (await import('../commands/token.ts')).revokeToken(context, id),
        ),
      ),
    'concordance token revoke 3f0c2a7e-5d0b-4c7e-9d51-0c6b6f3c1a11',
    'concordance token list --json | jq -r \'select(.name == "old").id\' | xargs -n1 concordance token revoke',
  )
}
