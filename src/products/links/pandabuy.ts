import { createDecipheriv, createSecretKey } from 'node:crypto'

/** Key and vector of each digit, eight ASCII characters each. They were public in the agent's own web page. */
const TEXTS: readonly (readonly [key: string, vector: string])[] = [
  ['kj098765', 'a12sdcft'],
  ['plk;9uhj', 'mbio986h'],
  ['.1asxz4t', '09ydnlp;'],
  ['1qasdr56', '0om,.;0s'],
  ['1wdfgu8i', '1dafmdl0'],
  ['12zxcvbn', '90oikjhg'],
  ['1jnbop9g', 'lkjuy678'],
  ['378ujhgr', '1whsnxk9'],
  ['chguikl0', '1was;09n'],
  ['09jnbgft', '12sdfghy'],
]

// Single DES is gone from current OpenSSL; triple DES with one key three times is the same cipher.
const KEYS = TEXTS.map(([key, vector]) => ({
  key: createSecretKey(Buffer.from(key.repeat(3))),
  vector: Buffer.from(vector),
}))

/**
 * The address inside an encrypted Pandabuy link, or null. The value is `PJ`, a digit, a letter, and base64 of DES-CBC
 * with one byte of noise at the place that the digit gives.
 */
export function decryptPandabuy(value: string): string | null {
  const parts = /^PJ(\d)[a-zA-Z]([A-Za-z0-9+/=]{8,4096})$/.exec(value)
  if (!parts) return null
  const place = Number(parts[1])
  const { key, vector } = KEYS[place]!
  const noisy = Buffer.from(parts[2]!, 'base64')
  const sealed = Buffer.concat([noisy.subarray(0, place), noisy.subarray(place + 1)])
  try {
    const decipher = createDecipheriv('des-ede3-cbc', key, vector)
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
