import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Type } from 'typebox'
import { asWritten, fromText } from '../../src/surfaces/compilers.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const schema = Type.Object({ id: Type.Integer(), items: Type.Array(Type.Integer()) })

for (const [name, compiler] of Object.entries({ fromText, asWritten })) {
  test(`a body that was refused is not held on to: ${name}`, async () => {
    const validate = compiler({ schema, method: 'POST', url: '/', httpPart: 'body' })
    const refuse = () => {
      const body = { items: [1, 2, 3] }
      const told = validate(body) as { error: { keyword: string }[] }
      assert.deepEqual(
        told.error.map(({ keyword }) => keyword),
        ['required'],
      )
      return new WeakRef(body)
    }
    const refused = refuse()
    // A reference that was just made is kept until the turn ends.
    await setImmediate()
    collect()
    assert.equal(refused.deref(), undefined)
    assert.equal(validate({ id: 1, items: [1, 2, 3] }), true)
  })
}
