import type { Found } from '../vectors/vector-index.ts'
import { find } from '../vectors/find.ts'
import type { FindInput } from '../vectors/memory-index.ts'
import { Scan } from '../vectors/scan.ts'
import { openStore } from '../vectors/store.ts'

/** The index that this thread searched last, opened once: whatever is opened holds on to the memory until it is collected. */
let opened: { index: number; scan: Scan } | null = null

/** One search, in a worker thread. */
export default function ({ index, store, info, query, options }: FindInput): { found: Found[]; total: number } {
  if (opened?.index !== index) opened = { index, scan: new Scan(openStore(store)) }
  const { scan } = opened
  // The rows first: whatever is published of them is in the postings by then.
  scan.store.rows.look()
  scan.store.file.look()
  return find(scan, info, query, options)
}
