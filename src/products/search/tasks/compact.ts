import { compact } from '../vectors/compact.ts'
import { openStore, type SharedStore, shareStore } from '../vectors/store.ts'

/** Writes a store anew without what was removed from it, in a worker thread. Nobody writes to it meanwhile. */
export default function (store: SharedStore): SharedStore {
  return shareStore(compact(openStore(store)))
}
