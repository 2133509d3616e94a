/** Somebody as their issuer knows them. */
export type Identity = { issuer: string; subject: string }

const SUBJECT_CHARS_MAX = 255

/** Whether this can be a `sub`: a text of 1 to 255 characters. The database cannot hold NUL, nor tell halves of characters apart. */
export function isSubject(sub: unknown): sub is string {
  if (typeof sub !== 'string' || sub.length < 1 || sub.length > SUBJECT_CHARS_MAX) return false
  return sub.isWellFormed() && !sub.includes('\0')
}
