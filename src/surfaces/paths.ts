/** Compiles `/a/:b`, `/a/:b(^[0-9]+$)`, or `/a/**` for `/a` and everything below it. */
export function compilePattern(pattern: string): RegExp {
  const below = pattern.endsWith('/**')
  const fixed = below ? pattern.slice(0, -3) : pattern
  const source = fixed
    .split('/')
    .map((segment) => parameter(segment) ?? segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('/')
  return new RegExp(`^${source}${below ? '(?:/.*)?' : ''}/?$`)
}

/** `:id` takes any segment, `:id(^[0-9]+$)` those of its form. Null for a fixed segment. */
function parameter(segment: string): string | null {
  const found = /^:\w+(?:\(\^(.*)\$\))?$/.exec(segment)
  return found && `(?:${found[1] ?? '[^/]+'})`
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
