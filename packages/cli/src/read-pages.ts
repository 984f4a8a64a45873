interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string
}

interface Asked {
  readonly limit: number
  readonly cursor?: string
}

const pageSize = 200

/** The first `atMost` items of a list that a node gives page by page, and whether there are more. */
export async function readPages<Item>(
  read: (asked: Asked) => Promise<Page<Item>>,
  atMost = Number.POSITIVE_INFINITY,
): Promise<{ readonly items: Item[]; readonly hasMore: boolean }> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(pageSize, atMost - items.length)
    const page = await read({ limit, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && items.length < atMost)
  return { items, hasMore: cursor !== undefined }
}
