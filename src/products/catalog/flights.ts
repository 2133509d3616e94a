const RESTS_MAX = 10_000

/** Questions to the outside by key: those under way, and those that are not to be asked again for a while. */
export type Flights<T> = {
  under: Map<string, Promise<T>>
  /** Until when, in `elapsedMs`. */
  rests: Map<string, number>
}

export function openFlights<T>(): Flights<T> {
  return { under: new Map(), rests: new Map() }
}

/** Runs one question at a time for each key; whoever comes meanwhile shares its outcome, be it a failure. */
export function shareFlight<T>(flights: Flights<T>, key: string, run: () => Promise<T>): Promise<T> {
  const under = flights.under.get(key)
  if (under) return under
  const flight = run().finally(() => flights.under.delete(key))
  flights.under.set(key, flight)
  return flight
}

/** Leaves a key alone until `untilMs`. Bounded: the one that was put down longest ago is forgotten first. */
export function rest(flights: Flights<unknown>, key: string, untilMs: number): void {
  flights.rests.delete(key)
  flights.rests.set(key, untilMs)
  if (flights.rests.size > RESTS_MAX) flights.rests.delete(flights.rests.keys().next().value!)
}

export function isResting(flights: Flights<unknown>, key: string, nowMs: number): boolean {
  return (flights.rests.get(key) ?? -Infinity) > nowMs
}
