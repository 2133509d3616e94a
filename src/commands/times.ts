import { InvalidArgumentError } from 'commander'

/** A moment as an operator names it, once it is known when now is; null: never. */
export type Moment = (now: Date) => Date | null

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
/** With its zone told, as the operator's own would be a guess; a day alone begins in UTC. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

/** `90s`, `30m`, `24h`, `7d` in seconds; 0 alone needs no unit. */
export function duration(text: string): number {
  const seconds = text === '0' ? 0 : findSeconds(text)
  if (seconds !== null) return seconds
  throw new InvalidArgumentError('Give a time such as 30m, 24h or 7d, or 0 for none.')
}

/** A moment with its zone, or a day. */
export function instant(text: string): Date {
  const at = findInstant(text)
  if (at !== null) return at
  throw new InvalidArgumentError('Give a moment such as 2026-01-31T12:00:00Z, or a day.')
}

/** A duration from now on, a moment with its zone, a day, or `never`. */
export function moment(text: string): Moment {
  if (text === 'never') return () => null
  const seconds = findSeconds(text)
  if (seconds !== null) return (now) => new Date(now.getTime() + seconds * 1000)
  const at = findInstant(text)
  if (at !== null) return () => at
  throw new InvalidArgumentError('Give a time such as 30d or 12h, a moment such as 2030-01-31T12:00:00Z, or never.')
}

function findSeconds(text: string): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  return match && Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS]
}

function findInstant(text: string): Date | null {
  const day = ISO.exec(text)?.[1]
  const at = new Date(day === undefined || !isRealDay(day) ? NaN : text)
  return Number.isNaN(at.getTime()) ? null : at
}

/** A day that its month does not have is moved on when it is read, rather than refused. */
function isRealDay(day: string): boolean {
  const at = new Date(day)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}
