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

/** The path of a request target, without its query; never throws. */
export function pathOf(target: string): string {
  const end = target.search(/[?#;]/)
  return end === -1 ? target : target.slice(0, end)
}
