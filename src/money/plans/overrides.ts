import { OperatorError } from '../../lib/errors.ts'
import { FEATURES, type Feature, type Product } from './catalogue.ts'

/** What is different from the plan for one account; what is absent is as the plan says. */
export type Overrides = {
  /** Requests a second; null: unlimited. */
  perSecond?: number | null
  /** Requests a minute; null: unlimited. */
  perMinute?: number | null
  /** item: units of the allowance each UTC day; 0: none. */
  perDay?: number
  /** Each UTC month. qc: calls, null: unlimited. item: the trial; sourcing, risk: credits or checks paid for; 0: none. */
  perMonth?: number | null
  /** Of a call that no pot pays; null: such a call is refused. */
  priceUsdMicros?: number | null
  /** Response bytes of a UTC month that cost nothing more. */
  bytesIncluded?: number
  /** Instead of the plan's. */
  features?: Feature[]
}
type Member = keyof Overrides

/** What can be different, by product. */
const MEMBERS: Readonly<Record<Product, readonly Member[]>> = {
  qc: ['perSecond', 'perMinute', 'perMonth', 'features'],
  sourcing: ['perSecond', 'perMinute', 'perMonth'],
  item: ['perSecond', 'perMinute', 'perDay', 'perMonth', 'priceUsdMicros', 'bytesIncluded'],
  risk: ['perSecond', 'perMinute', 'perMonth', 'priceUsdMicros'],
  agent: ['perSecond', 'perMinute'],
}

/** Of numbers: the least, and whether null (no limit) is one. 0 of a window would lock the door, and money moves in 1 and up. */
const RULES: Readonly<Record<Exclude<Member, 'features'>, { min: number; nullable: boolean }>> = {
  perSecond: { min: 1, nullable: true },
  perMinute: { min: 1, nullable: true },
  perDay: { min: 0, nullable: false },
  perMonth: { min: 0, nullable: false },
  priceUsdMicros: { min: 1, nullable: true },
  bytesIncluded: { min: 0, nullable: false },
}

/** Reads overrides of a product. Throws an `OperatorError` for a member or value that it cannot have. */
export function parseOverrides(product: Product, value: unknown): Overrides {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OperatorError('Overrides are an object, such as {"perMinute":60}.')
  }
  for (const [name, given] of Object.entries(value)) {
    const member = MEMBERS[product].find((each) => each === name)
    if (!member) {
      throw new OperatorError(`"${name}" cannot be set on ${product}; it has ${MEMBERS[product].join(', ')}.`)
    }
    const fault = member === 'features' ? featureFault(given) : numberFault(product, member, given)
    if (fault) throw new OperatorError(`${name} of ${product} must be ${fault}.`)
  }
  return value
}

function numberFault(product: Product, member: keyof typeof RULES, given: unknown): string | null {
  const { min, nullable } = RULES[member]
  // A pot is paid for and has an end; qc's month is neither.
  const mayBeNull = nullable || (member === 'perMonth' && product === 'qc')
  if (given === null && mayBeNull) return null
  if (Number.isSafeInteger(given) && (given as number) >= min) return null
  return `a whole number from ${min}${mayBeNull ? ', or null' : ''}`
}

function featureFault(given: unknown): string | null {
  const known = Array.isArray(given) && given.every((each) => FEATURES.includes(each as Feature))
  return known ? null : `a list out of: ${FEATURES.join(', ')}`
}
