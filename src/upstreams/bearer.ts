import { createHmac } from 'node:crypto'

/**
 * A token in the form of a UUID that carries its own end and a check, so that one handed out before a restart is still
 * known after it.
 */
export function mintToken(secret: string, endsAt: Date): string {
  const ends = Math.floor(endsAt.getTime() / 1_000)
    .toString(16)
    .padStart(12, '0')
  const hex = ends + checkOf(secret, ends)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/** Whether the token is one of ours and has not ended. */
export function isGoodToken(secret: string, token: string, now: Date): boolean {
  const hex = token.replaceAll('-', '')
  const ends = hex.slice(0, 12)
  if (!/^[0-9a-f]{32}$/.test(hex) || hex.slice(12) !== checkOf(secret, ends)) return false
  return Number.parseInt(ends, 16) * 1_000 > now.getTime()
}

function checkOf(secret: string, ends: string): string {
  return createHmac('sha256', secret).update(ends).digest('hex').slice(0, 20)
}
