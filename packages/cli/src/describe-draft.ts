import type { Client } from '@concordance/client'
import type { DraftView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { previewDraft, previewLines } from './audience.ts'
import type { Context } from './context.ts'
import { titleOfDraft } from './title.ts'

/** Says what a draft is and to whom it would go, before somebody decides about it. */
export async function describeDraft({ terminal, signal }: Context, client: Client, draft: DraftView): Promise<void> {
  const preview = await previewDraft(client, draft, signal)
  terminal.talk(`${draft.type}, version ${draft.version}: ${plainText(titleOfDraft(draft) ?? '(no title)')}`)
  terminal.talk(`  marked TLP:${preview.mark.tlp}`)
  for (const line of previewLines(preview)) terminal.talk(`  ${line}`)
}

/** What a draft needs next: RED alone is published without a second person. */
export function nextOf({ id, mark, state }: Pick<DraftView, 'id' | 'mark' | 'state'>): string {
  if (mark.tlp === 'RED' || state === 'approved') return `\`concordance publish ${id}\``
  return state === 'in-review' ? `\`concordance draft reviews ${id}\`` : `\`concordance draft submit ${id}\``
}
