import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { LimitStore, Share, Take, WindowRule } from './limit-store.ts'
import { memoryStore } from './memory-store.ts'
import { holdLine } from './valkey-line.ts'
import { giftsOf, scriptInput, settleGroups, type Gift, type Group } from './valkey-script.ts'

type Options = {
  /** `redis://…` or `valkey://…`, `rediss://…` or `valkeys://…` for TLS, or the path of a socket. */
  url: string
  clock: Clock
  log: Log
  share: () => Share
  /** Told of each call to Valkey, with the number of takes that it was to decide. */
  onBatch?: (batch: { takes: number; durationMs: number; failed: boolean }) => void
}

/** So that one script holds the server for a millisecond, not for many. */
const GROUPS_MAX = 256

/**
 * Windows on Valkey, shared exactly by all nodes. Takes of one turn of the event loop travel together. While Valkey is away,
 * errs, or takes longer than 250 ms, this node counts in memory with its share of each limit, and keeps trying to get back;
 * no take waits longer than that, and no start fails for it. When Valkey goes or comes back, the windows of that
 * moment begin anew on the other side, so that they may let through their limit once on each.
 */
export function openValkeyStore(options: Options): LimitStore {
  const { clock, share, onBatch = () => {} } = options
  const local = memoryStore(clock, share)
  const countedHere = new WeakSet<Take>()
  const line = holdLine(options)
  const underWay = new Set<Promise<void>>()

  function takeHere(slot: string, rules: readonly WindowRule[]): Take {
    const take = local.take(slot, rules)
    countedHere.add(take)
    return take
  }

  function settleHere(groups: readonly Group[]): void {
    for (const { slot, rules, waiting } of groups) for (const resolve of waiting) resolve(takeHere(slot, rules))
  }

  async function decide(groups: readonly Group[], gifts: readonly Gift[]): Promise<void> {
    const { link } = line
    if (link === null) return settleHere(groups)
    const startedAtMs = clock.elapsedMs()
    let failed = false
    try {
      settleGroups(groups, await link.run(scriptInput(gifts, groups)))
    } catch (error) {
      failed = true
      line.lose(link, error as Error)
      settleHere(groups)
    }
    const takes = groups.reduce((sum, { waiting }) => sum + waiting.length, 0)
    onBatch({ takes, durationMs: clock.elapsedMs() - startedAtMs, failed })
  }

  const turn = gather((groups, gifts) => {
    const deciding = decide(groups, gifts)
    underWay.add(deciding)
    void deciding.finally(() => underWay.delete(deciding))
  })

  return {
    take(slot, rules) {
      if (line.link !== null) return turn.join(slot, rules)
      return line.starting?.then(() => turn.join(slot, rules)) ?? takeHere(slot, rules)
    },
    giveBack(slot, take, which) {
      if (countedHere.has(take)) local.giveBack(slot, take, which)
      else turn.give(giftsOf(slot, take, which))
    },
    isFallback: () => line.link === null,
    started: async () => line.starting ?? undefined,
    async close() {
      await line.starting
      turn.end()
      await Promise.all(underWay)
      line.stop()
    },
  }
}

/** Gathers what comes in one turn of the event loop, in its order, and has it sent at the turn's end. */
function gather(send: (groups: Group[], gifts: Gift[]) => void) {
  let groups: Group[] = []
  let gifts: Gift[] = []
  // The last group of each slot: calls join it as long as their rules are the same.
  const open = new Map<string, Group>()
  let isDue = false

  function end(): void {
    isDue = false
    open.clear()
    while (groups.length > 0 || gifts.length > 0) send(groups.splice(0, GROUPS_MAX), gifts.splice(0, GROUPS_MAX))
  }

  function schedule(): void {
    if (!isDue) setImmediate(end)
    isDue = true
  }

  return {
    join(slot: string, rules: readonly WindowRule[]): Promise<Take> {
      let group = open.get(slot)
      if (group === undefined || group.rules !== rules) {
        group = { slot, rules, waiting: [] }
        open.set(slot, group)
        groups.push(group)
        schedule()
      }
      const { waiting } = group
      return new Promise((resolve) => waiting.push(resolve))
    },
    give(given: Gift[]): void {
      gifts.push(...given)
      if (gifts.length > 0) schedule()
    },
    end,
  }
}
