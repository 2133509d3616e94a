import { hash } from 'node:crypto'
import { Valkey } from 'iovalkey'
import { scriptInput, WINDOW_SCRIPT, type ScriptInput } from './valkey-script.ts'

/** One connection to Valkey, used until it first fails. */
export type ValkeyLink = {
  /** Runs the window script. Rejects when the server errs, is away, or says nothing for 250 ms. */
  run(input: ScriptInput): Promise<number[]>
  /** Resolves with the reason when the connection is lost; also after `close`. */
  gone: Promise<Error>
  close(): void
}

const ANSWER_MS_MAX = 250
const SHA = hash('sha1', WINDOW_SCRIPT, 'hex')

/** A second's window that nobody fills: whoever can count in it can do all that is asked of the server. */
const TRIAL = scriptInput(
  [],
  [{ slot: 'trial', rules: [{ name: 'second', windowMs: 1_000, max: 1_000_000_000 }], waiting: [() => {}] }],
)

/**
 * Connects and counts one call for trial. Rejects with a sentence when the server is away, refuses us, or cannot write.
 */
export async function linkValkey(url: string): Promise<ValkeyLink> {
  const client = new Valkey(url, {
    lazyConnect: true,
    // A connection that failed is replaced by the store, and what was asked on it is answered without it.
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    // Not to be waited for: a server that hangs would be asked, and never answer.
    enableReadyCheck: false,
    disconnectTimeout: 100,
    connectionName: 'openhaul',
  })
  let reason: Error | null = null
  client.on('error', (error: Error) => (reason ??= error))
  const gone = new Promise<Error>((resolve) => {
    client.once('end', () => resolve(reason ?? new Error('the connection was closed')))
  })
  const link: ValkeyLink = {
    run: (input) => within(runScript(client, input)),
    gone,
    close: () => client.disconnect(),
  }
  try {
    await client.connect()
    await link.run(TRIAL)
    return link
  } catch (error) {
    client.disconnect()
    throw reason ?? error
  }
}

async function runScript(client: Valkey, { keys, args }: ScriptInput): Promise<number[]> {
  const rest = [keys.length, ...keys, ...args]
  try {
    return (await client.call('EVALSHA', [SHA, ...rest])) as number[]
  } catch (error) {
    // A server that was started anew, or told to forget, has not run anything yet.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return (await client.call('EVAL', [WINDOW_SCRIPT, ...rest])) as number[]
  }
}

function within<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new Error(`no answer within ${ANSWER_MS_MAX} ms`))
    // After what has arrived is read: the silence may have been ours, on a long turn of the event loop.
    const timer = setTimeout(() => setImmediate(tooLate), ANSWER_MS_MAX)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
