import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto'
import type { Random } from '../../lib/ids.ts'
import type { Ring } from './ring.ts'

/** A text that can be read with the keys alone, and which of them made it. */
export type Sealed = { generation: number; bytes: Buffer }

const PURPOSE = 'openhaul seal'
const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

/** Seals a text by the newest key (AES-256-GCM, with a key of its own made from that one); `about` says what it belongs to. */
export function seal(ring: Ring, text: string, { about, random }: { about: string; random: Random }): Sealed {
  const iv = Buffer.from(random.bytes(IV_BYTES))
  const cipher = createCipheriv(CIPHER, sealingKey(ring.at(-1)!), iv).setAAD(Buffer.from(about))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return { generation: ring.length, bytes: Buffer.concat([iv, cipher.getAuthTag(), sealed]) }
}

/** What was sealed; null for what another key made, that is about something else, or that was changed. */
export function unseal(ring: Ring, { generation, bytes }: Sealed, about: string): string | null {
  const key = ring[generation - 1]
  if (!key) return null
  const iv = bytes.subarray(0, IV_BYTES)
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
  const decipher = createDecipheriv(CIPHER, sealingKey(key), iv, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(tag).setAAD(Buffer.from(about))
  try {
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return null
  }
}

function sealingKey(key: KeyObject): Buffer {
  return createHmac('sha256', key).update(PURPOSE).digest()
}
