import { isIP } from 'node:net'
import { text } from './wobble.ts'

/**
 * Hosts that serve the marketplaces' own pictures. A description is written by a stranger and may be passed on by a
 * vendor who adds a tracking pixel, so pictures in it are kept from these hosts only.
 */
const PICTURE_HOSTS = ['alicdn.com', 'taobaocdn.com', 'tbcdn.cn', 'geilicdn.com', 'vdian.com', 'weidian.com']

/** An absolute https address of a picture, or null. `//host/…` and `http://` become https. */
export function pictureUrl(value: unknown): string | null {
  const url = webAddress(value)
  return url ? url.href : null
}

/** As `pictureUrl`, for pictures inside a description: null unless a marketplace's own picture host serves it. */
export function descriptionPictureUrl(value: unknown): string | null {
  const url = webAddress(value)
  if (!url || !PICTURE_HOSTS.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`))) return null
  // Scripts and beacons live on the same hosts.
  return /\.(?:php|js|html?|cgi)$/i.test(url.pathname) ? null : url.href
}

/** An https address on a named public-looking host without port or user name; http is upgraded. */
export function webAddress(value: unknown): URL | null {
  const address = text(value)
  if (address === null || address.length > 2_000) return null
  const url = URL.parse(address.startsWith('//') ? `https:${address}` : address.replace(/^http:/i, 'https:'))
  if (!url || url.protocol !== 'https:' || url.port || url.username || url.password) return null
  const { hostname } = url
  return hostname.includes('.') && !hostname.startsWith('[') && !isIP(hostname) ? url : null
}
