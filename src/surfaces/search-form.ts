import { Type } from 'typebox'
import { DomainError } from '../lib/errors.ts'
import { minorFromDecimal } from '../lib/money.ts'

const PRICE = Type.Optional(
  Type.String({
    pattern: '^[0-9]{1,9}(?:\\.[0-9]{1,2})?$',
    description: 'an amount in yuan with at most two decimals, such as 2.85',
  }),
)

/** Fields that every search takes, in a query, in JSON and in a form. */
export const SEARCH_FIELDS = {
  image_url: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4_000,
      description:
        'a public https address of a JPEG, PNG, WebP or AVIF of at most 10 MB, or the address or path of a picture of this server',
    }),
  ),
  min_price: PRICE,
  max_price: PRICE,
}

/** A picture that is sent; `fileOf` reads it. */
export const IMAGE_FIELD = Type.Optional(
  Type.Unsafe<unknown>({
    contentMediaType: 'application/octet-stream',
    description: 'a JPEG, PNG, WebP or AVIF file of at most 10 MB',
  }),
)

/** Fields of every product that was found. */
export const FOUND_FIELDS = {
  match: Type.Union([Type.Enum(['same_picture', 'possible', 'similar']), Type.Null()], {
    description:
      'same_picture: verified to be made from one picture. possible: some evidence of it. similar: looks alike.',
  }),
  score: Type.Union([Type.Number(), Type.Null()], { description: '0 to 1; null without a picture.' }),
}

/** The bytes of the picture that was sent, null when none was. Throws `input_invalid` for a text in its place. */
export function fileOf({ image }: { image?: unknown }): Buffer | null {
  if (image === undefined) return null
  if (Buffer.isBuffer(image)) return image
  throw new DomainError('input_invalid', 'image must be a file of a multipart/form-data body.')
}

/** The prices in fen; null where none was given. */
export function pricesOf(fields: { min_price?: string; max_price?: string }) {
  const fen = (amount: string | undefined) => (amount === undefined ? null : minorFromDecimal(amount, 2))
  return { minPriceFen: fen(fields.min_price), maxPriceFen: fen(fields.max_price) }
}
