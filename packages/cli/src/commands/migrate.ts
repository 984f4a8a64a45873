import { openOperator } from '@concordance/node'
import type { Context } from '../context.ts'
import { withNodeConfig } from '../node-database.ts'

export async function migrate(context: Context): Promise<void> {
  const applied = await withNodeConfig(context, async (config) => {
    const operator = await openOperator(config)
    try {
      return await operator.migrate()
    } finally {
      await operator.close()
    }
  })
  context.terminal.give({ applied }, () => (applied.length === 0 ? ['the database is up to date'] : applied))
}
