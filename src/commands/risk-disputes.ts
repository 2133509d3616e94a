import { OperatorError } from '../lib/errors.ts'
import { decideDispute, listDisputes, type Dispute } from '../risk/disputes/disputes.ts'
import type { Json } from './account.ts'
import { cliActor } from './actor.ts'
import { plain, print } from './print.ts'
import { onList } from './risk.ts'

export async function riskDisputes(options: Json & { decided?: boolean; limit: number }): Promise<void> {
  const isOpen = options.decided !== true
  const disputes = await onList((ctx) => listDisputes(ctx, { isOpen, limit: options.limit }))
  const none = `There are no ${isOpen ? 'open' : 'decided'} disputes.`
  print(options, { disputes: disputes.map(toJson) }, disputes.map(wordsOf).join('\n') || none)
}

type DecideOptions = Json & { uphold?: boolean; remove?: boolean; why: string }

export async function riskDecide(id: number, options: DecideOptions): Promise<void> {
  const { uphold = false, remove = false, why } = options
  if (uphold === remove) throw new OperatorError('Give either --uphold or --remove.')
  const decision = uphold ? 'upheld' : 'removed'
  const { entries } = await onList((ctx) => decideDispute(ctx, { id, decision, why, actor: cliActor() }))
  const became = uphold ? 'upheld, and count in full again' : 'erased'
  print(options, { id, decision, entries }, `Dispute ${id} is decided: ${entries} entries are ${became}.`)
}

function wordsOf({ id, type, hint, state, statement, openedAt, entryIds, decidedBy, decision }: Dispute): string {
  const entries = entryIds.length > 0 ? `entries ${entryIds.join(', ')}` : 'no entries any more'
  const decided = state === 'open' ? [] : [`  ${state} by ${plain(decidedBy!)}: ${plain(decision!)}`]
  return [
    `${id}: ${type} ${hint}, ${entries}, since ${openedAt.toISOString()}`,
    `  “${plain(statement)}”`,
    ...decided,
  ].join('\n')
}

function toJson({ openedAt, decidedAt, decidedBy, decision, entryIds, ...dispute }: Dispute) {
  return {
    ...dispute,
    entries: entryIds,
    opened_at: openedAt.toISOString(),
    decided_at: decidedAt?.toISOString() ?? null,
    decided_by: decidedBy,
    why: decision,
  }
}
