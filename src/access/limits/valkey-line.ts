import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { linkValkey, type ValkeyLink } from './valkey-link.ts'

/** A connection to Valkey that is replaced when it is lost. */
export type ValkeyLine = {
  /** Null while there is none. */
  readonly link: ValkeyLink | null
  /** Null once the first attempt is over, however it ended. */
  readonly starting: Promise<void> | null
  /** Lets go of a connection that failed; nothing when it is not the one that is held. */
  lose(lost: ValkeyLink, error: Error): void
  stop(): void
}

const BACKOFF_MS = { first: 100, most: 2_000 }

/** Connects, and connects again whenever it must. The log is told once when the server goes and once when it is back. */
export function holdLine(options: { url: string; clock: Clock; log: Log }): ValkeyLine {
  const { url, clock, log } = options
  const stopping = new AbortController()
  let link: ValkeyLink | null = null

  function hold(fresh: ValkeyLink): void {
    if (stopping.signal.aborted) return fresh.close()
    link = fresh
    void fresh.gone.then((reason) => lose(fresh, reason))
  }

  function lose(lost: ValkeyLink, error: Error): void {
    if (link !== lost) return
    link = null
    lost.close()
    goAlone(error)
  }

  function goAlone({ message: reason }: Error): void {
    if (stopping.signal.aborted) return
    log.warn({ reason }, `Valkey is away (${reason}): this node counts alone, with its share of each limit`)
    void comeBack()
  }

  async function comeBack(): Promise<void> {
    for (let waitMs = BACKOFF_MS.first; ; waitMs = Math.min(2 * waitMs, BACKOFF_MS.most)) {
      await clock.sleep(waitMs, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      const fresh = await linkValkey(url).catch(() => null)
      if (!fresh) continue
      log.info('Valkey is back: limits are counted there again')
      return hold(fresh)
    }
  }

  let starting: Promise<void> | null = linkValkey(url)
    .then(hold, goAlone)
    .finally(() => (starting = null))
  return {
    get starting() {
      return starting
    },
    get link() {
      return link
    },
    lose,
    stop() {
      stopping.abort()
      const last = link
      link = null
      last?.close()
    },
  }
}
