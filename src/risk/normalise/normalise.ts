import { normaliseAddress } from './address.ts'
import { normaliseDevice } from './device.ts'
import { normaliseEmail } from './email.ts'
import { normaliseIp, normaliseNetwork } from './ip.ts'
import { normalisePhone } from './phone.ts'
import { normaliseUsername } from './username.ts'
import type { IdentifierType, Normalised } from './normalised.ts'

export type Reading = {
  /** The country of what does not say its own, in two letters. */
  region: string | null
  /** Whether networks that documents use count as public, as they do in sandboxes. */
  allowDocumentation: boolean
}

const NORMALISERS: Readonly<Record<IdentifierType, (value: string, reading: Reading) => Normalised>> = {
  email: (value) => normaliseEmail(value),
  username: (value) => normaliseUsername(value),
  phone: normalisePhone,
  address: normaliseAddress,
  ip: normaliseIp,
  device: (value) => normaliseDevice(value),
}

/** What an identifier is compared by. */
export function normalise(type: IdentifierType, value: string, reading: Reading): Normalised {
  return NORMALISERS[type](value, reading)
}

/** As `normalise`, for what is put on the list: networks too. */
export function normaliseListed(type: IdentifierType, value: string, reading: Reading): Normalised {
  return type === 'ip' && value.includes('/') ? normaliseNetwork(value, reading) : normalise(type, value, reading)
}
