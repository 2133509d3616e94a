import { KEYED_ATTACKS } from './keyed-requests.ts'
import { addressOf, ATTACKS, forwarded, send, type Dice } from './requests.ts'

// A process of its own, so that what it uses is not taken for the server's.

/** Which requests to send: the same numbers and seed are the same requests. */
export type Orders = { port: number; key: string; seed: number; from: number; to: number }
export type Told = { statuses: Record<string, number>; faults: string[] }

const AT_ONCE = 16

/** A small generator, so that a run can be repeated by its seed. */
function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Half of them with a key that works, and half from an address of their own. */
async function attack(
  { port, key, seed }: Orders,
  nth: number,
): Promise<{ status: number | null; fault: string | null }> {
  const dice = diceOf(seed + nth * 7_919)
  dice()
  const kinds = nth % 2 === 0 ? ATTACKS : KEYED_ATTACKS
  const { name, bytes, statuses } = kinds[(nth >> 1) % kinds.length]!(dice, key)
  const status = await send(port, dice() < 0.5 ? forwarded(bytes, addressOf(nth)) : bytes)
  return { status, fault: statuses.includes(status) ? null : `${nth}: ${status} for ${name}` }
}

async function run(orders: Orders): Promise<Told> {
  const told: Told = { statuses: {}, faults: [] }
  let next = orders.from
  const attacker = async () => {
    while (next < orders.to) {
      const { status, fault } = await attack(orders, next++)
      told.statuses[`${status}`] = (told.statuses[`${status}`] ?? 0) + 1
      if (fault !== null && told.faults.length < 20) told.faults.push(fault)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, attacker))
  return told
}

process.on('message', (orders: Orders) => void run(orders).then((told) => process.send!(told)))
