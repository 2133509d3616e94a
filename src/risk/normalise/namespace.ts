/** What a value is told apart by when nothing is said. */
const ANY = 'any'

/**
 * `reddit:ada` is the value `ada` of the namespace `reddit`; the namespace is 2 to 20 ASCII letters in either case before the first
 * colon. Without one it is `any`, so that `any:ada` and `ada` are the same.
 */
export function splitNamespace(text: string): { namespace: string; value: string } {
  const [, namespace] = /^([a-z]{2,20}):/i.exec(text) ?? []
  if (namespace === undefined) return { namespace: ANY, value: text }
  return { namespace: namespace.toLowerCase(), value: text.slice(namespace.length + 1).trimStart() }
}
