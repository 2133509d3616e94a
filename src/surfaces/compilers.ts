import AjvCompiler from '@fastify/ajv-compiler'
import serializerSelector from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'
import type { TSchema } from 'typebox'

type Validators = FastifySchemaCompiler<TSchema>
type Validator = ReturnType<Validators>
type Serializers = FastifySerializerCompiler<TSchema>

const buildValidators = AjvCompiler()

/** What a request must be, where all is text: `"2"` passes for a number. */
export const fromText = validators({ coerceTypes: true })

/** What a request must be, where numbers are written as numbers. */
export const asWritten = validators({ coerceTypes: false })

/** How an answer is written. */
export const serializers: Serializers = onceEach(serializerSelector()() as unknown as Serializers)

function validators(options: { coerceTypes: boolean }): Validators {
  const customOptions = { ...options, removeAdditional: false, verbose: true }
  const compile = buildValidators({}, { customOptions }) as Validators
  return onceEach((part) => lettingGo(compile(part)))
}

/**
 * The errors hold what was refused, whole. Left on the validator they would keep the last refused body, which may be
 * megabytes once it is read, until another one is refused.
 */
function lettingGo(validate: Validator): Validator {
  return (input: unknown) => {
    const passed = validate(input)
    if (passed === true) return true
    const error = validate.errors!
    validate.errors = null
    return { error }
  }
}

/**
 * Most routes refuse in the same words, and a process may build more than one application, as tests do; compiling is the
 * longest part of that. No schema names another by `$ref`, so its text tells all of it.
 */
function onceEach<Part extends { schema: TSchema }, Compiled>(compile: (part: Part) => Compiled) {
  const compiled = new Map<string, Compiled>()
  return (part: Part): Compiled => {
    const text = JSON.stringify(part.schema)
    const known = compiled.get(text)
    if (known) return known
    const made = compile(part)
    compiled.set(text, made)
    return made
  }
}
