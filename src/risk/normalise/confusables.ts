/**
 * Letters that are drawn like a letter of the Latin alphabet, by that letter: of Cyrillic, Greek, Armenian, Cherokee and Lisu, and the
 * small capitals and Latin extensions that passing ASCII for something finer is done with. The pairs are those of Unicode's UTS #39
 * that map one letter to one letter, and what follows from them: κ is drawn like к, and к like a small K.
 *
 * Capitals and small letters stand apart, for they differ: Η is drawn like H, η like no Latin letter at all.
 */
const LOOK_ALIKES = {
  a: 'ɑⱭᴀаАαΑᎪꓮ',
  b: 'ʙᴃвВьЬΒᏴꓐ',
  c: 'ᴄсСᏟꓚ',
  d: 'ᴅԁᎠꓓ',
  e: 'ᴇеЕҽΕᎬꓰ',
  f: 'ꜰꞙꞘϜքꓝ',
  g: 'ɢɡꞬԌցᏀꓖ',
  h: 'ʜнНһΗհᎻꓧ',
  i: 'ıɪꞮɩɨіІιΙᎥ',
  j: 'ᴊјЈϳͿյᎫꓙ',
  k: 'ᴋĸкКκΚᏦꓗ',
  l: 'ʟӏӀǀᏞꓡ',
  m: 'ᴍмМΜϺᎷꓟ',
  n: 'ɴΝոռꓠ',
  o: 'ᴏоОοΟσօՕჿꓳ',
  p: 'ᴘрРρΡᏢꓑ',
  q: 'ԛԚգզ',
  r: 'ʀƦгᎡᏒꓣ',
  s: 'ꜱѕЅՏᏕᏚꓢ',
  t: 'ᴛтТτΤᎢꓔ',
  u: 'ᴜʋυսՍꓴ',
  v: 'ᴠѵѴνᏙꓦ',
  w: 'ᴡɯԝԜѡաᎳꓪ',
  x: 'хХχΧꓫ',
  y: 'ʏуУүҮγΥყᎩᎽꓬ',
  z: 'ᴢΖᏃꓜ',
}

/** The small Latin letter that a letter is drawn like. ASCII is not in it. */
export const LOOKS_LIKE: ReadonlyMap<string, string> = new Map(
  Object.entries(LOOK_ALIKES).flatMap(([latin, others]) => Array.from(others, (other) => [other, latin] as const)),
)

/** Letters that are another letter with a stroke, or two in one, which Unicode does not take apart. */
export const PLAIN_LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ø: 'o', đ: 'd', ð: 'd', ł: 'l', ħ: 'h', ŧ: 't', ƀ: 'b', ŋ: 'n', þ: 'th', æ: 'ae', œ: 'oe' }),
)

/** What stands for a letter where ASCII is played with: 1, l and i are one. */
export const LEET: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
    '|': 'i',
    l: 'i',
  }),
)
