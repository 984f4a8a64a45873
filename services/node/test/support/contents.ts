import type { Deps } from '@concordance/exchange'

/** A digest of the rows of each table: two are the same where nothing was written in between. */
export async function contentsOf({ pool }: Pick<Deps, 'pool'>): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const contents: Record<string, string> = {}
  for (const { name } of rows) {
    const found = await pool.query(
      `select count(*) || md5(string_agg(t::text, ' ' order by t::text)) as it from "${name}" t`,
    )
    contents[name] = String(found.rows[0]?.it)
  }
  return contents
}
