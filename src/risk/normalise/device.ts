import { createHash } from 'node:crypto'
import { cleanText } from './clean-text.ts'
import { splitNamespace } from './namespace.ts'
import type { Normalised } from './normalised.ts'

const LENGTH_MAX = 512
const CHARACTERS_MIN = 8

/** A network card's address, the fingerprint of a certificate. */
const HEX_PAIRS = /^[0-9a-f]{2}([:-][0-9a-f]{2}){3,}$/i
/** A network card's address as some routers write it. */
const HEX_FOURS = /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What devices, emulators and programs send when they have no id of their own, as `bareId` makes it. */
const NO_IDS = new Set([
  'unknown',
  'undefined',
  'anonymous',
  'unavailable',
  'notavailable',
  'unspecified',
  'notspecified',
  'notapplicable',
  'notfound',
  'defaultstring',
  'systemserialnumber',
  'tobefilledbyo.e.m.',
  '0123456789',
  '01234567',
  '12345678',
  '123456789',
  '1234567890',
  '0123456789abcdef',
  '123456789abcdef',
  '1234567890abcdef',
  // The address that Android and iOS give to apps in place of the network card's.
  '020000000000',
  // ANDROID_ID of a faulty series of Android 2.2 phones and of the emulator.
  '9774d56d682e549c',
  // IMEI of the emulator.
  '004999010640000',
  // UUIDs that makers left in the firmware of whole series of boards.
  '03000200040005000006000700080009',
  '00020003000400050006000700080009',
  '123456781234567890abcddeefaabbcc',
  // Digests of nothing.
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].flatMap((digest) =>
    (['hex', 'base64'] as const).map((encoding) => bareId(createHash(digest).digest(encoding))),
  ),
])

const NO_ID_SHAPES = [
  // A value that a program wrote out without a look: [object Promise].
  /^\[object [^\]]*\]$/i,
  // The first emulator on any machine is emulator-5554.
  /^emulator-\d+$/i,
  // A model: iPhone14,2.
  /^[a-z]+\d+,\d+$/i,
]

/**
 * A device's fingerprint or id, with or without a namespace: `idfv:6FA4…`, `6fa4…`. Keys look like `exact/any:6fa4…`.
 *
 * - exact: as it is, no blanks around.
 * - canonical: hexadecimal ids (UUIDs with or without braces or `urn:uuid:`, MAC addresses, digests) in small letters and without
 *   separators; of others NFKC without what is not seen. Hexadecimal digits in letters of both cases may be base64, which tells case
 *   apart, unless their separators are those of a UUID or a MAC address. Normalised again, it gives the same key.
 * - near: none. Ids are drawn at random, so that a similar one is another one.
 */
export function normaliseDevice(raw: string): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: `Send a device id of at most ${LENGTH_MAX} characters.` }
  const sent = splitDevice(raw.toWellFormed().trim())
  const { namespace, value } = splitDevice(cleanText(raw))
  const id = canonicalId(value)
  const why = whyUnfit(id)
  if (why !== null) return { kind: 'unfit', why }

  return {
    kind: 'fit',
    keys: [
      { form: 'exact', text: `exact/${sent.namespace}:${sent.value}` },
      { form: 'canonical', text: `canonical/${namespace}:${id}` },
    ],
    hint: `•••${Array.from(id).slice(-2).join('')}`,
    flags: [],
  }
}

/** The letters before the first colon of `fe:dc:ba:98:76:54` and `urn:uuid:…` are no namespace. */
function splitDevice(text: string): { namespace: string; value: string } {
  return HEX_PAIRS.test(text) || /^urn:uuid:/i.test(text) ? splitNamespace(`any:${text}`) : splitNamespace(text)
}

function canonicalId(value: string): string {
  const bare = value
    .replace(/^urn:uuid:/i, '')
    .replace(/^\{(.*)\}$/s, '$1')
    .replaceAll(/\p{Pd}/gu, '-')
  const hex = bare.replaceAll(/[:.\s-]/g, '')
  const isOneCase = [hex.toLowerCase(), hex.toUpperCase()].includes(hex)
  const isHex =
    /^[0-9a-f]+$/i.test(hex) && (isOneCase || [UUID, HEX_PAIRS, HEX_FOURS].some((shape) => shape.test(bare)))
  return isHex ? hex.toLowerCase() : value
}

function whyUnfit(id: string): string | null {
  const bare = bareId(id)
  const characters = Array.from(bare)
  const isRepeated = characters.length > 0 && characters.every((each) => each === characters[0])
  if (isRepeated || NO_IDS.has(bare) || NO_ID_SHAPES.some((shape) => shape.test(id)))
    return 'Send the id of one device: this one stands for none, or for many.'
  return characters.length < CHARACTERS_MIN ? `Send a device id of at least ${CHARACTERS_MIN} characters.` : null
}

function bareId(id: string): string {
  return id.toLowerCase().replaceAll(/[\s:_[\](){}<>/-]/g, '')
}
