import type { Found } from '../vectors/vector-index.ts'
import { find } from '../vectors/find.ts'
import type { FindInput } from '../vectors/memory-index.ts'
import { openStore } from '../vectors/store.ts'

/** One search, in a worker thread. */
export default function ({ store, info, query, options }: FindInput): { found: Found[]; total: number } {
  return find(openStore(store), info, query, options)
}
