import { availableParallelism } from 'node:os'
import { type Transferable, Worker } from 'node:worker_threads'
import { DomainError, type ErrorCode } from './errors.ts'

export type RunOptions = {
  /** What is handed over rather than copied; the caller can no longer use it. */
  transfer?: Transferable[]
  /** Behind everything that somebody waits for, and never more than half of the threads (at least one). */
  isBackground?: boolean
  /** For somebody who waits and pays nothing: it takes turns with background work, within its share, one at a time. */
  isFree?: boolean
  /** After this the thread is ended and the promise rejects with `WorkerTimeout`. */
  timeoutMs?: number
}

export type Workers = {
  readonly threads: number
  /**
   * Runs `task`, the address of a module whose default export takes `input` and gives the answer, in one of the threads.
   * Rejects with `DomainError('busy')` when too many wait already, else with what the task threw (a `DomainError` as one).
   */
  run<Output>(task: URL, input: unknown, options?: RunOptions): Promise<Output>
  /** Ends each thread as soon as it has nothing to do, and with it whatever tasks kept there; others start when needed. */
  renew(): void
  /** Ends the threads; what runs or waits rejects with `busy`. */
  close(): Promise<void>
}

/** A task that took longer than its caller allows. */
export class WorkerTimeout extends Error {
  override name = 'WorkerTimeout'
}

export type WorkersOptions = {
  /** As many as there are processors but one, at most 4, unless given. */
  threads?: number
  /** How many may wait that somebody waits for; background work is not limited, as its sender paces itself. */
  queueMax?: number
  /** How many may wait that pay nothing. */
  freeMax?: number
  /** How much a thread may hold of JavaScript's memory. */
  heapMb?: number
}

/** What goes to a thread and what comes back. */
export type Order = { id: number; task: string; input: unknown }
export type Outcome =
  | { id: number; output: unknown }
  | { id: number; refusal: { code: ErrorCode; message: string; details: Record<string, string | number> } }
  | { id: number; error: unknown }

type Job = {
  id: number
  task: URL
  input: unknown
  options: RunOptions
  settle(outcome: Outcome | Error): void
}
type Thread = { worker: Worker; job: Job | null; timer: NodeJS.Timeout | null; isOld: boolean }

const ENTRY = new URL('worker-entry.ts', import.meta.url)

/** Threads for work that would keep the event loop busy; each is started when it is needed first. */
export function openWorkers(options: WorkersOptions = {}): Workers {
  return new Pool(options)
}

class Pool implements Workers {
  readonly threads: number
  readonly #queueMax: number
  readonly #freeMax: number
  readonly #heapMb: number
  readonly #pool: Thread[] = []
  readonly #urgent: Job[] = []
  readonly #free: Job[] = []
  readonly #background: Job[] = []
  #count = 0
  #isClosed = false

  constructor({ threads, queueMax = 64, freeMax = 200, heapMb = 512 }: WorkersOptions) {
    this.threads = threads ?? Math.max(1, Math.min(4, availableParallelism() - 1))
    this.#queueMax = queueMax
    this.#freeMax = freeMax
    this.#heapMb = heapMb
  }

  run<Output>(task: URL, input: unknown, options: RunOptions = {}): Promise<Output> {
    return new Promise<Output>((resolve, reject) => {
      const { queue, max } = this.#queueFor(options)
      if (this.#isClosed || queue.length >= max) return reject(busy())
      const settle = (outcome: Outcome | Error) => {
        if (outcome instanceof Error) reject(outcome)
        else if ('output' in outcome) resolve(outcome.output as Output)
        else reject('refusal' in outcome ? refusalOf(outcome.refusal) : (outcome.error as Error))
      }
      queue.push({ id: ++this.#count, task, input, options, settle })
      return this.#next()
    })
  }

  renew(): void {
    for (const thread of this.#pool) thread.isOld = true
    const idle = this.#pool.filter(({ job }) => job === null)
    for (const thread of idle) this.#drop(thread, new Error('this thread is renewed'))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const queues = [this.#urgent, this.#free, this.#background]
    for (const { settle } of queues.flatMap((queue) => queue.splice(0))) settle(busy())
    await Promise.all(
      this.#pool.splice(0).map(async ({ worker, job, timer }) => {
        if (timer) clearTimeout(timer)
        job?.settle(busy())
        await worker.terminate()
      }),
    )
  }

  #queueFor({ isBackground, isFree }: RunOptions): { queue: Job[]; max: number } {
    if (isBackground) return { queue: this.#background, max: Infinity }
    return isFree ? { queue: this.#free, max: this.#freeMax } : { queue: this.#urgent, max: this.#queueMax }
  }

  /** Gives waiting jobs to idle threads. */
  #next(): void {
    for (let job = this.#head(); job && !this.#isClosed; job = this.#head()) {
      const idle = this.#pool.find((each) => each.job === null)
      const thread = idle ?? (this.#pool.length < this.threads ? this.#start() : null)
      if (!thread) return
      this.#queueFor(job.options).queue.shift()
      this.#begin(thread, job)
    }
  }

  #head(): Job | undefined {
    if (this.#urgent[0]) return this.#urgent[0]
    const running = this.#pool.flatMap(({ job }) => (job?.options.isBackground || job?.options.isFree ? [job] : []))
    if (running.length >= Math.max(1, Math.floor(this.threads / 2))) return undefined
    const free = running.some(({ options }) => options.isFree) ? undefined : this.#free[0]
    const background = this.#background[0]
    if (!free || !background) return free ?? background
    return free.id < background.id ? free : background
  }

  #start(): Thread {
    const worker = new Worker(ENTRY, { resourceLimits: { maxOldGenerationSizeMb: this.#heapMb } })
    const thread: Thread = { worker, job: null, timer: null, isOld: false }
    worker.unref()
    worker.on('message', (outcome: Outcome) => this.#finish(thread, outcome))
    // Out of memory, or a fault that no task caught: the job under way fails, and another thread takes this one's place.
    worker.on('error', (error) => this.#drop(thread, error))
    worker.on('exit', () => this.#drop(thread, new Error('a worker thread ended')))
    this.#pool.push(thread)
    return thread
  }

  #begin(thread: Thread, job: Job): void {
    thread.job = job
    // A process that waits for an answer must not end before it.
    thread.worker.ref()
    const { timeoutMs, transfer = [] } = job.options
    if (timeoutMs !== undefined) {
      const late = new WorkerTimeout(`no answer within ${timeoutMs} ms`)
      thread.timer = setTimeout(() => this.#drop(thread, late), timeoutMs)
    }
    const order: Order = { id: job.id, task: job.task.href, input: job.input }
    try {
      thread.worker.postMessage(order, transfer)
    } catch (error) {
      this.#finish(thread, error as Error)
    }
  }

  #finish(thread: Thread, outcome: Outcome | Error): void {
    const { job, timer } = thread
    if (timer) clearTimeout(timer)
    Object.assign(thread, { job: null, timer: null })
    thread.worker.unref()
    job?.settle(outcome)
    if (thread.isOld) this.#drop(thread, new Error('this thread is renewed'))
    this.#next()
  }

  #drop(thread: Thread, error: Error): void {
    const at = this.#pool.indexOf(thread)
    if (at === -1) return
    this.#pool.splice(at, 1)
    void thread.worker.terminate()
    this.#finish(thread, error)
  }
}

function refusalOf({ code, message, details }: Extract<Outcome, { refusal: unknown }>['refusal']): DomainError {
  return new DomainError(code, message, details)
}

function busy(): DomainError {
  return new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
}
