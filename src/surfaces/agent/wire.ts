import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import { Type, type TInteger, type TSchema } from 'typebox'
import { asWritten, fromText } from '../compilers.ts'
import { errorAnswersOf } from '../surface.ts'

type Compiler = FastifySchemaCompiler<TSchema>

/** Numbers in a body are numbers, and "2" is none; in an address, where all is text, it is one. */
export const strictBodies: Compiler = (part) => {
  if (part.httpPart === 'body') return asWritten(part)
  const validate = fromText(part)
  return (input: Record<string, unknown>) => {
    const passed = validate(input)
    if (passed !== true) return passed
    // "1e309" becomes Infinity, which no limit stops.
    const endless = Object.keys(input).find((name) => input[name] === Infinity || input[name] === -Infinity)
    return endless === undefined ? true : { error: [endlessFault(endless)] }
  }
}

function endlessFault(name: string): FastifySchemaValidationError {
  return { keyword: 'type', instancePath: `/${name}`, schemaPath: '', params: {}, message: 'must be a number' }
}

/** The error answers of a route, for its schema. */
export const errorAnswers = errorAnswersOf(
  Type.Object({
    statusCode: Type.Integer(),
    message: Type.Union([Type.String(), Type.Array(Type.String())]),
    error: Type.String(),
  }),
)

/** `{"data": …}`, as every answer is. */
export function dataOf<T extends TSchema>(schema: T, description = 'Done.') {
  return Type.Object({ data: schema }, { description })
}

/** One page of a list. */
export function pageOf<T extends TSchema>(item: T) {
  return dataOf(
    Type.Object({ items: Type.Array(item), total: Type.Integer(), page: Type.Integer(), limit: Type.Integer() }),
    'One page.',
  )
}

/** The part of a list's query that says which page. */
export const PageQuery = {
  page: filled(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
  limit: filled(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
}

/** A parameter that callers may leave out, and that handlers always have. */
function filled(schema: TInteger): TInteger {
  return Type.Optional(schema)
}

/** A number of one of our rows. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
/** A product's number, which callers may send as text too. */
export const ProductId = Type.Union([Id, Type.String({ pattern: '^[0-9]{1,15}$', description: 'digits' })])

/** An amount of money. */
export const Yuan = Type.Number({ description: 'In yuan.' })

/** Fen as a number of yuan: 29900 gives 299, 285 gives 2.85. */
export function yuanNumber(amountFen: number): number {
  return amountFen / 100
}

/** A time of UTC, to the second: `2024-01-15T08:30:00Z`. */
export function wireTime(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
