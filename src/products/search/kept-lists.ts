/** A list that was made for a first page, for the pages that follow it. */
type Kept<List> = { list: List; reader: number; entries: number; keptUntilMs: number }

/** How long the page after may take to be asked for. */
const KEPT_MS = 10 * 60_000
/** Over all lists; an entry takes some 200 bytes. */
const ENTRIES_MAX = 200_000
/** Of one reader, so that nobody's many searches drop the pages of others. */
const LISTS_A_READER = 20

export type KeptLists<List> = {
  find(key: string, nowMs: number): List | null
  /** Keeps a list of so many entries for ten minutes; the one that was kept first gives way. */
  keep(key: string, list: List, of: { reader: number; entries: number; nowMs: number }): void
}

export function openKeptLists<List>(): KeptLists<List> {
  const kept = new Map<string, Kept<List>>()
  let entriesKept = 0
  const drop = (key: string) => {
    entriesKept -= kept.get(key)?.entries ?? 0
    kept.delete(key)
  }
  return {
    find(key, nowMs) {
      const found = kept.get(key)
      return found && found.keptUntilMs > nowMs ? found.list : null
    },
    keep(key, list, { reader, entries, nowMs }) {
      drop(key)
      kept.set(key, { list, reader, entries, keptUntilMs: nowMs + KEPT_MS })
      entriesKept += entries
      const own = [...kept].filter(([, each]) => each.reader === reader)
      if (own.length > LISTS_A_READER) drop(own[0]![0])
      for (const oldest of kept.keys()) {
        if (entriesKept <= ENTRIES_MAX) break
        drop(oldest)
      }
    },
  }
}
