import assert from 'node:assert/strict'
import type { Clock } from '../../lib/clock.ts'
import {
  givenBack,
  shareOf,
  WINDOW_MS_MAX,
  type LimitStore,
  type Share,
  type Standing,
  type Take,
  type WindowRule,
} from './limit-store.ts'
import type { Window } from './window.ts'

type Slot = { second: Window; minute: Window }

/** A store whose `take` answers at once. */
export type MemoryStore = Omit<LimitStore, 'take'> & {
  take(slot: string, rules: readonly WindowRule[]): Take
  /** How many slots are remembered. */
  readonly size: number
}

/**
 * Windows in this process alone. Each node lets through its share of a rule's `max`, by what `share` says at that moment.
 * A slot that nobody asked for in one to two minutes is forgotten.
 */
export function memoryStore(clock: Pick<Clock, 'elapsedMs'>, share: () => Share): MemoryStore {
  // Slots of this minute, and those of the minute before that were not asked for since.
  let fresh = new Map<string, Slot>()
  let aging = new Map<string, Slot>()
  let turnedAtMs = clock.elapsedMs()

  function slotOf(name: string, rules: readonly WindowRule[], nowMs: number): Slot {
    if (nowMs - turnedAtMs >= WINDOW_MS_MAX) {
      // After two silent minutes both are old.
      aging = nowMs - turnedAtMs >= 2 * WINDOW_MS_MAX ? new Map() : fresh
      fresh = new Map()
      turnedAtMs = nowMs
    }
    const found = fresh.get(name)
    if (found !== undefined) return found
    assert(rules.every(({ windowMs }) => windowMs <= WINDOW_MS_MAX))
    const slot = aging.get(name) ?? { second: unbegun(), minute: unbegun() }
    aging.delete(name)
    fresh.set(name, slot)
    return slot
  }

  return {
    take(name, rules) {
      const nowMs = clock.elapsedMs()
      return count(slotOf(name, rules, nowMs), rules, nowMs, share())
    },
    giveBack(name, take, which) {
      const slot = fresh.get(name) ?? aging.get(name)
      if (slot === undefined) return
      for (const { rule, startedAtMs } of givenBack(take, which)) {
        const window = slot[rule.name]
        if (window.startedAtMs === startedAtMs && window.used > 0) window.used--
      }
    },
    started: async () => {},
    isFallback: () => false,
    close: async () => {},
    get size() {
      return fresh.size + aging.size
    },
  }
}

function unbegun(): Window {
  return { used: 0, startedAtMs: 0 }
}

function count(slot: Slot, rules: readonly WindowRule[], nowMs: number, share: Share): Take {
  const standings: Standing[] = []
  let denied = -1
  // By index, here and below: these loops run for every request.
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at]!
    const window = rule.name === 'second' ? slot.second : slot.minute
    // A window without a call has not begun.
    if (window.used === 0 || nowMs - window.startedAtMs >= rule.windowMs) {
      window.used = 0
      window.startedAtMs = nowMs
    } else if (nowMs < window.startedAtMs) {
      // The clock stepped back: what is used stays used, and nobody waits longer than one window.
      window.startedAtMs = nowMs
    }
    const max = shareOf(rule.max, share)
    if (window.used >= max && denied === -1) denied = at
    standings.push({
      rule,
      max,
      remaining: Math.max(0, max - window.used),
      resetMs: window.startedAtMs + rule.windowMs - nowMs,
      startedAtMs: window.startedAtMs,
    })
  }
  if (denied === -1) {
    for (let at = 0; at < rules.length; at++) {
      const window = rules[at]!.name === 'second' ? slot.second : slot.minute
      window.used++
      standings[at]!.remaining--
    }
  }
  return { denied, standings }
}
