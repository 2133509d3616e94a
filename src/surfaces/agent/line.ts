import { Type } from 'typebox'

/** Text without line breaks and other control characters, and not only blanks. */
export function Line(maxLength: number) {
  return Type.String({ maxLength, pattern: '^(?=\\s*\\S)[^\\p{Cc}\\p{Cs}]*$', description: 'one line of text' })
}
