import type { Random } from '../lib/ids.ts'

export const SERVICES = ['onebound', 'alibaba1688', 'taobaoglobal', 'translate'] as const
export type ServiceName = (typeof SERVICES)[number]

/**
 * What a server can be told to do wrong. `down` breaks the connection, `timeout` never answers, `http-500` answers
 * without the protocol, `error` is the protocol's own passing error, `quota` and `throttled` its refusals,
 * `token-expired` its answer to an old token, `garbage` is no JSON, `truncated` half of it, `wrong-id` another listing,
 * `too-large` more bytes than anyone reads; `price-times-100` and `negative-stock` are well-formed and absurd.
 */
export const FAULTS = [
  'none',
  'down',
  'timeout',
  'http-500',
  'error',
  'quota',
  'throttled',
  'token-expired',
  'garbage',
  'truncated',
  'wrong-id',
  'too-large',
  'price-times-100',
  'negative-stock',
] as const
export type Fault = (typeof FAULTS)[number]

/** The switches of one server, and what it counted. */
export type Control = {
  fault: Fault
  /** For how many more calls the fault lasts; null until it is changed. */
  times: number | null
  /** Every n-th call is refused as too fast; null for none. */
  throttleEvery: number | null
  /** Print the same value now as a string, now as a number, now as nothing. */
  wobble: boolean
  /** Calls by what was asked for: "taobao/600123456", or "token" for a refresh. */
  calls: Map<string, number>
}

export function newControl(): Control {
  return { fault: 'none', times: null, throttleEvery: null, wobble: true, calls: new Map() }
}

export function countCall(control: Control, name: string): void {
  control.calls.set(name, (control.calls.get(name) ?? 0) + 1)
}

/** The fault of this call. */
export function takeFault(control: Control): Fault {
  const total = [...control.calls.values()].reduce((sum, count) => sum + count, 0)
  if (control.throttleEvery !== null && total % control.throttleEvery === 0) return 'throttled'
  const { fault } = control
  if (control.times !== null) {
    control.times -= 1
    if (control.times <= 0) Object.assign(control, { fault: 'none', times: null })
  }
  return fault
}

/** What `POST /_control` takes: any of these fields. */
export type Command = Partial<Pick<Control, 'fault' | 'times' | 'throttleEvery' | 'wobble'>> & { resetCalls?: boolean }

const CHECKS = new Map<string, (value: unknown) => boolean>([
  ['fault', (value) => FAULTS.includes(value as Fault)],
  ['times', countOrNull],
  ['throttleEvery', countOrNull],
  ['wobble', (value) => typeof value === 'boolean'],
  ['resetCalls', (value) => typeof value === 'boolean'],
])

/** Reads a command; a sentence when it is not one. */
export function readCommand(body: string): Command | string {
  let given: unknown
  try {
    given = JSON.parse(body)
  } catch {
    return 'The body is not JSON.'
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'The body is not an object.'
  const wrong = Object.entries(given).find(([name, value]) => !CHECKS.get(name)?.(value))
  if (wrong) return `"${wrong[0]}" is unknown or has a value that does not fit. Faults: ${FAULTS.join(', ')}.`
  return given
}

function countOrNull(value: unknown): boolean {
  return value === null || (Number.isSafeInteger(value) && (value as number) > 0)
}

export function obey(control: Control, { resetCalls, ...switches }: Command): void {
  // A new fault lasts until it is changed unless the command says otherwise.
  Object.assign(control, switches.fault === undefined ? {} : { times: null }, switches)
  if (resetCalls) control.calls.clear()
}

/** Ways in which upstreams print the same thing. */
export function wobbler(random: Random, on: boolean) {
  const any = <T>(values: readonly [T, ...T[]]): T => (on ? values[random.below(values.length)]! : values[0])
  return {
    any,
    /** Yuan as "580", 580 or "580.00". */
    yuan: (fen: number) => any<string | number>([(fen / 100).toFixed(2), fen / 100, String(fen / 100)]),
    whole: (value: number) => any<string | number>([String(value), value]),
    id: (value: string) => any<string | bigint>([value, BigInt(value)]),
    nothing: () => any<unknown>(['', null, false, [], 0]),
    address: (hostAndPath: string) => any([`https://${hostAndPath}`, `//${hostAndPath}`, `http://${hostAndPath}`]),
  }
}

export type Wobbler = ReturnType<typeof wobbler>
