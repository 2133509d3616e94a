/** Compiles `/a/:b`, or `/a/**` for `/a` and everything below it. */
export function compilePattern(pattern: string): RegExp {
  const below = pattern.endsWith('/**')
  const fixed = below ? pattern.slice(0, -3) : pattern
  const source = fixed
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/')
  return new RegExp(`^${source}${below ? '(?:/.*)?' : ''}/?$`)
}

/** The path of a request target as the router sees it: without its query, decoded. Never throws. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const path = end === -1 ? target : target.slice(0, end)
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
