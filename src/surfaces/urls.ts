/** Our own pictures are stored as paths, so that a change of PUBLIC_URL changes every answer; others are absolute already. */
export function absoluteUrl(publicUrl: string, pathOrUrl: string): string {
  return pathOrUrl.startsWith('/') ? publicUrl + pathOrUrl : pathOrUrl
}
