import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js'
import type { Ctx } from '../../ctx.ts'
import type { Db, Seal, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import {
  addressClearDefault,
  addressDelete,
  addressesLock,
  addressInsert,
  addressList,
  addressLockShared,
  addressSetDefault,
  addressUpdate,
} from './addresses.sql.ts'
import { isCountry, postalFormOf } from './postal-forms.ts'

export type Address = {
  id: number
  name: string
  /** As it was written. */
  phone: string
  /** The same in E.164; null when it cannot be a number that anybody has. */
  phoneE164: string | null
  /** Two capital letters, as ISO 3166 has them. */
  country: string
  state: string | null
  city: string
  address: string
  zipCode: string | null
  /** One address of each account that has any. */
  isDefault: boolean
}

export type NewAddress = Pick<Address, 'name' | 'phone' | 'country' | 'city' | 'address'> &
  Partial<Pick<Address, 'state' | 'zipCode' | 'isDefault'>>

const ADDRESSES_MAX = 50

/** All addresses of an account, oldest first. */
export async function listAddresses({ db }: Pick<Ctx, 'db'>, accountId: number): Promise<Address[]> {
  return addressList(db, accountId)
}

/** An address of an account that nobody changes or deletes until the transaction ends, or null. */
export async function lockAddress(tx: Tx, accountId: number, id: number): Promise<Address | null> {
  return addressLockShared(tx, accountId, id)
}

/**
 * Adds an address; the first is the default. Throws `input_invalid` or `input_missing` for what its country does not take, and
 * `conflict` when there are 50 already.
 */
export async function createAddress(
  { db, clock }: Pick<Ctx, 'db' | 'clock'>,
  accountId: number,
  wish: NewAddress,
  seal?: Seal<Address>,
): Promise<Address> {
  const checked = checkAddress({ state: null, zipCode: null, isDefault: false, ...wish })
  return changeAddresses(db, accountId, async (tx, addresses) => {
    if (addresses.length >= ADDRESSES_MAX) {
      throw new DomainError('conflict', `There are ${ADDRESSES_MAX} addresses already; delete one first.`)
    }
    const row = { ...checked, isDefault: checked.isDefault || addresses.length === 0 }
    if (row.isDefault) await addressClearDefault(tx, accountId)
    const address = { ...row, id: await addressInsert(tx, accountId, row, clock.now()) }
    await seal?.(tx, address)
    return address
  })
}

/**
 * Changes what `patch` names and gives the whole address. The default stays the default until another is made it. Throws
 * `not_found`, and as `createAddress` for what its country does not take.
 */
export async function updateAddress(
  { db }: Pick<Ctx, 'db'>,
  accountId: number,
  id: number,
  patch: Partial<NewAddress>,
  seal?: Seal<Address>,
): Promise<Address> {
  return changeAddresses(db, accountId, async (tx, addresses) => {
    const before = pick(addresses, id)
    const checked = checkAddress({ ...before, ...patch })
    const row = { ...checked, id, isDefault: checked.isDefault || before.isDefault }
    if (row.isDefault && !before.isDefault) await addressClearDefault(tx, accountId)
    await addressUpdate(tx, row)
    await seal?.(tx, row)
    return row
  })
}

/** Deletes an address; if it was the default, the newest other becomes it. Throws `not_found`. */
export async function deleteAddress({ db }: Pick<Ctx, 'db'>, accountId: number, id: number): Promise<void> {
  await changeAddresses(db, accountId, async (tx, addresses) => {
    const { isDefault } = pick(addresses, id)
    await addressDelete(tx, id)
    const heir = addresses.findLast((each) => each.id !== id)
    if (isDefault && heir) await addressSetDefault(tx, heir.id)
  })
}

async function changeAddresses<T>(
  db: Db,
  accountId: number,
  change: (tx: Tx, addresses: Address[]) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await addressesLock(tx, accountId)
    return change(tx, await addressList(tx, accountId))
  })
}

function pick(addresses: readonly Address[], id: number): Address {
  const address = addresses.find((each) => each.id === id)
  if (!address) throw new DomainError('not_found', 'Address not found')
  return address
}

/** The address with its phone in E.164, when it has what its country asks for. */
function checkAddress(wish: Required<NewAddress>): Omit<Address, 'id'> {
  const { name, phone, country, state, city, address, zipCode, isDefault } = wish
  const digits = phone.replaceAll(/\D/g, '').length
  if (!/^[\d +()-]*$/.test(phone) || digits < 7 || digits > 15) {
    throw new DomainError(
      'input_invalid',
      'phone must have 7 to 15 digits, with spaces and + - ( ) at most between them.',
    )
  }
  if (!isCountry(country)) throw new DomainError('input_invalid', 'country must be a country code such as US.')
  const form = postalFormOf(country)
  for (const part of form.required) {
    if (!wish[part]) throw new DomainError('input_missing', `${part} is required in ${country}.`, { parameter: part })
  }
  if (zipCode && form.zipCode && !form.zipCode.pattern.test(zipCode.trim())) {
    throw new DomainError(
      'input_invalid',
      `zipCode must be a postal code of ${country}, such as ${form.zipCode.example}.`,
    )
  }
  return {
    name,
    phone,
    phoneE164: e164Of(phone, country),
    country,
    state,
    city,
    address,
    zipCode: zipCode?.trim() ?? null,
    isDefault,
  }
}

function e164Of(phone: string, country: string): string | null {
  const parsed = parsePhoneNumberFromString(phone, country as CountryCode)
  return parsed?.isPossible() ? parsed.number : null
}
