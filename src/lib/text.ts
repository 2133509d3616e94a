/** What PostgreSQL can keep of a text: all but NUL and halves of surrogate pairs. */
export function storableText(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed()
}
