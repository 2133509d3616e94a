import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LOOKS_LIKE } from '../../../src/risk/normalise/confusables.ts'
import { normaliseUsername } from '../../../src/risk/normalise/username.ts'
import { anyText, assertLinear, canonicalTexts, keysOf, relation, retyped, type Relation } from './relation.ts'

const pairs: [one: string, relation: Relation, other: string][] = [
  // what certainly means nothing
  ['ada.moss', 'exact', '  ada.moss\n'],
  ['zoë', 'exact', 'zoe\u0308'],
  ['한글', 'exact', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
  // case
  ['ada', 'canonical', 'ADA'],
  ['straße', 'canonical', 'STRASSE'],
  ['σίσυφος', 'canonical', 'ΣΊΣΥΦΟΣ'],
  ['ilker', 'canonical', 'İLKER'],
  ['ılker', 'canonical', 'ILKER'],
  ['вера', 'canonical', 'ВЕРА'],
  ['հայկ', 'canonical', 'ՀԱՅԿ'],
  ['ǆemal', 'canonical', 'Ǆemal'],
  // forms of Unicode
  ['ada', 'canonical', 'ａｄａ'],
  ['ada', 'canonical', '𝓪𝓭𝓪'],
  ['ada', 'canonical', '🄰🄳🄰'],
  ['ada', 'canonical', 'ⓐⓓⓐ'],
  ['ada', 'canonical', 'ᵃᵈᵃ'],
  ['ada', 'canonical', 'ᴀᴅᴀ'],
  ['office', 'canonical', 'oﬃce'],
  ['ada2', 'canonical', 'ada²'],
  ['カタカナ', 'canonical', 'ｶﾀｶﾅ'],
  ['ガ', 'canonical', 'ｶﾞ'],
  ['ada7', 'canonical', 'ada٧'],
  // what is not seen, and noise
  ['ada', 'canonical', 'a\u200bd\u200da'],
  ['ada', 'canonical', '\u202eada\u202c'],
  ['ada', 'canonical', 'ad\u00ada'],
  ['ada', 'canonical', 'ada\ufe0f'],
  ['ada', 'canonical', 'ada\u3164'],
  ['ada', 'canonical', '\u2800ada'],
  ['ada', 'canonical', 'a\u0336d\u0336a\u0336'],
  ['ada', 'canonical', 'a\u0489d\u0489a\u0489'],
  ['ada moss', 'canonical', 'ada\u00a0\u3000moss'],
  ['ada', 'canonical', 'a\u0316\u0317d\u035c\u033fa\u034f'],
  // marks that make another letter
  ['zoe', 'near', 'zoë'],
  ['ada', 'near', 'ạda'],
  ['jose', 'near', 'josé'],
  ['lukasz', 'near', 'łukasz'],
  ['soren', 'near', 'søren'],
  ['bjork', 'near', 'björk'],
  ['น้ำ', 'apart', 'นำ'],
  ['कि', 'apart', 'का'],
  // letters drawn alike
  ['ada', 'canonical', 'аdа'],
  ['pascal', 'canonical', 'раѕсаl'],
  ['bob', 'canonical', 'ВOВ'],
  ['hermes', 'canonical', 'ΗERMES'],
  ['ηermes', 'canonical', 'ΗERMES'],
  ['hermes', 'apart', 'ηermes'],
  ['anna', 'canonical', 'аnnа'],
  ['moon', 'canonical', 'mօօn'],
  ['gala', 'canonical', 'Ꮐala'],
  ['lisa', 'canonical', 'ꓡiꓢꓮ'],
  ['igor', 'canonical', 'ɪɢᴏʀ'],
  ['jim', 'canonical', 'јim'],
  ['ёж', 'canonical', 'Ёж'],
  ['ëlka', 'canonical', 'ёlkа'],
  ['noel', 'apart', 'ηoel'],
  ['hoel', 'apart', 'ηoel'],
  ['10mg', 'apart', '10µg'],
  // a word of one language is no word of another
  ['scope', 'near', 'ѕсоре'],
  ['SCOPE', 'near', 'ЅСОРЕ'],
  ['nina', 'near', 'ΝΙΝΑ'],
  ['viva', 'near', 'νινα'],
  ['mama', 'near', 'мама'],
  ['toma', 'near', 'тома'],
  ['katina', 'near', 'ΚΑΤΙΝΑ'],
  ['hoc', 'near', 'нос'],
  ['kativa', 'near', 'κατινα'],
  ['ΚΑΤΙΝΑ', 'canonical', 'κατινα'],
  ['toma_music', 'near', 'тома_music'],
  ['toma77', 'near', 'тома77'],
  ['reddit:toma', 'near', 'reddit:тома'],
  ['ёлка', 'near', 'ëлка'],
  ['ўзбек', 'near', 'узбек'],
  ['ўzbek', 'near', 'уzbek'],
  ['zoя', 'apart', 'зоя'],
  ['koza', 'apart', 'коза'],
  ['zук', 'apart', 'жук'],
  ['иван', 'apart', 'ivan'],
  ['жук', 'apart', 'zhuk'],
  // alike only at a glance: never the same
  ['mark', 'near', 'rnark'],
  ['wilma', 'near', 'vvilma'],
  ['dara', 'near', 'clara'],
  ['arno', 'near', 'amo'],
  ['bob', 'near', 'b0b'],
  ['bill', 'near', 'bi11'],
  ['lan', 'near', 'ian'],
  ['elite', 'near', '31it3'],
  ['sam', 'near', '5am'],
  ['sam', 'near', '$4m'],
  ['tess', 'near', '7e55'],
  ['anna', 'near', '4nn4'],
  ['max', 'near', 'm@x'],
  ['hi!there', 'near', 'hiithere'],
  // separators, repeats, numbers
  ['ada.moss', 'near', 'ada_moss'],
  ['ada.moss', 'near', 'adamoss'],
  ['ada moss', 'near', 'ada-moss'],
  ['ada‐moss', 'near', 'ada-moss'],
  ['adamoss', 'near', 'adaamosss'],
  ['ada1990', 'near', 'ada1991'],
  ['ada_7', 'near', 'ada'],
  ['adamoss', 'near', 'A.d4_m0ss'],
  ['10345', 'apart', 'ioeas'],
  ['11234567', 'apart', '1234567'],
  ['12345678', 'apart', '12345679'],
  ['user123', 'apart', 'bser123'],
  ['m345', 'apart', 'meas'],
  [`${'ada'.repeat(13)}bc`, 'apart', `${'ada'.repeat(13)}bd`],
  ['a1', 'apart', 'a2'],
  ['ab', 'apart', 'a.b'],
  ['ada', 'apart', 'adam'],
  ['adamoss', 'apart', 'mossada'],
  // handles, discriminators, namespaces
  ['ada', 'canonical', '@ada'],
  ['ada', 'canonical', '＠ada'],
  ['ada#1234', 'near', 'ada#9876'],
  ['ada#1234', 'near', 'ada'],
  ['ada#0', 'canonical', 'ada'],
  ['ada#00', 'near', 'ada'],
  ['ada#10', 'near', 'ada#1'],
  ['ada#12345', 'near', 'ada#12346'],
  ['#1234', 'apart', '#9876'],
  ['ada', 'exact', 'any:ada'],
  ['discord:ada', 'exact', 'Discord: ada'],
  ['discord:ada', 'canonical', 'ｄｉｓｃｏｒｄ：ADA'],
  ['discord:ada#1234', 'near', 'DISCORD:ada'],
  ['discord:ada#0', 'canonical', 'DISCORD:ada'],
  ['battlenet:ali#1234', 'near', 'battlenet:ali#4321'],
  ['riot:ali#1234', 'near', 'riot:ali#4321'],
  ['discord:ada', 'apart', 'reddit:ada'],
  ['discord:ada', 'apart', 'ada'],
  ['reddit:ada.moss', 'near', 'reddit:adamoss'],
  ['reddit:u/ada', 'apart', 'reddit:ada'],
  ['a:ada', 'apart', 'ada'],
  ['x1:ada', 'apart', 'ada'],
  ['田中', 'apart', '田口'],
]
for (const [one, expected, other] of pairs) {
  test(`user name: ${JSON.stringify(one)} and ${JSON.stringify(other)}: ${expected}`, () => {
    assert.equal(relation(normaliseUsername(one), normaliseUsername(other)), expected)
  })
}

test('all that is made of a user name', () => {
  assert.deepEqual(normaliseUsername(' Discord:@Clära__M0ss7#0'), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: 'exact/discord:@Clära__M0ss7#0' },
      { form: 'canonical', text: 'canonical/discord:clära__m0ss7' },
      { form: 'near', text: 'leet/discord:ciara__mosst' },
      { form: 'near', text: 'shape/discord:dära__m0ss7' },
      { form: 'near', text: 'joined/discord:cläram0ss7' },
      { form: 'near', text: 'squeezed/discord:clära__m0s7' },
      { form: 'near', text: 'stem/discord:clära__m0ss' },
      { form: 'near', text: 'loose/discord:daramost' },
    ],
    hint: 'c•••',
    flags: [],
  })
})

test('a discriminator stays in all keys but one', () => {
  assert.deepEqual(keysOf(normaliseUsername('discord:Ada_Moss#1234')), [
    'exact/discord:Ada_Moss#1234',
    'canonical/discord:ada_moss#1234',
    'leet/discord:ada_moss#1234',
    'shape/discord:ada_moss#1234',
    'joined/discord:adamoss#1234',
    'squeezed/discord:ada_mos#1234',
    'stem/discord:ada_moss',
    'loose/discord:adamos#1234',
  ])
})

test('a hint tells no name of two characters', () => {
  const hints = ['z', 'ab', '😀😀', 'discord:z', '@zo', 'zoe'].map((raw) => {
    const normalised = normaliseUsername(raw)
    return normalised.kind === 'fit' && normalised.hint
  })
  assert.deepEqual(hints, ['•••', '•••', '•••', '•••', '•••', 'z•••'])
})

const mixed: [name: string, isMixed: boolean][] = [
  ['аda', true],
  ['αda', true],
  ['аλα', true],
  ['adaօ', true],
  ['Ꭺda', true],
  ['ада田', true],
  ['ада', false],
  ['ΝΙΝΑ', false],
  ['ada', false],
  ['ａdа', true],
  ['田中さんカナtaro', false],
  ['김ada', false],
  ['ㄅㄆ字ada', false],
  ['ada_แอน', false],
  ['ada_علي', false],
  ['ada_अदा', false],
  ['แอน_علي', true],
  ['12345', false],
  ['★ada★', false],
  ['10µg', false],
]
for (const [name, isMixed] of mixed) {
  test(`user name: ${name} is ${isMixed ? '' : 'not '}of mixed script`, () => {
    const normalised = normaliseUsername(name)
    assert.deepEqual(normalised.kind === 'fit' && normalised.flags, isMixed ? ['mixed_script'] : [])
  })
}

test('a name of which nothing is seen, or too long a one, is unfit', () => {
  const why = 'Send a user name with at least one character that can be seen.'
  for (const raw of ['', '   ', '\u200b', '\u3164', '\u2800', '\u0301', '\0', 'discord:', 'discord:\u200b'])
    assert.deepEqual(normaliseUsername(raw), { kind: 'unfit', why }, JSON.stringify(raw))
  assert.equal(normaliseUsername('a'.repeat(256)).kind, 'fit')
  const tooLong = { kind: 'unfit', why: 'Send a user name of at most 256 characters.' }
  assert.deepEqual(normaliseUsername('a'.repeat(257)), tooLong)
})

test('any text gets an answer, and what it was made into makes the same again', () => {
  const plain = fc.string({
    unit: fc.constantFrom(...Array.from('aA1 #0@:.\u0301\u0306\u0345ıİßςνѵΝіўΗѢΣ'), '#0', 'ad:', 'ﬃ'),
    maxLength: 20,
  })
  fc.assert(
    fc.property(fc.oneof(anyText, plain), (raw) => {
      const normalised = normaliseUsername(raw)
      if (normalised.kind === 'unfit') return
      const [exact] = keysOf(normalised, 'exact')
      const texts = canonicalTexts(normalised)
      fc.pre([exact!.slice('exact/'.length), ...texts].every((text) => text.length <= 256))
      assert.deepEqual(keysOf(normaliseUsername(exact!.slice('exact/'.length)), 'exact'), [exact])
      for (const text of texts) assert.ok(canonicalTexts(normaliseUsername(text)).includes(text), text)
    }),
    { numRuns: 5_000 },
  )
})

test('however a name is typed, its canonical and near keys are the same', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/)
  fc.assert(
    fc.property(name, fc.constantFrom(...retyped), (plain, retype) => {
      const [one, other] = [plain, retype(plain)].map((raw) => keysOf(normaliseUsername(raw)).slice(1))
      assert.deepEqual(one, other)
    }),
  )
})

test('whichever letters of a word with Latin ones are swapped for look-alikes, it is the same', () => {
  const small = [...LOOKS_LIKE].filter(([letter]) => letter === letter.toLowerCase())
  const parts = fc.array(fc.oneof(fc.constantFrom(...small), fc.constantFrom(['x', 'x'], ['9x', '9x'])), {
    minLength: 1,
  })
  fc.assert(
    fc.property(parts, (pairs) => {
      const [one, other] = [0, 1].map((side) => normaliseUsername(`x${pairs.map((pair) => pair[side]).join('')}`))
      assert.equal(canonicalTexts(one!)[0], canonicalTexts(other!)[0])
    }),
  )
})

test('time grows no faster than the text', () => assertLinear(normaliseUsername, 256))

test('the look-alikes are single letters beyond ASCII that NFKC leaves as they are', () => {
  for (const [letter, latin] of LOOKS_LIKE) {
    assert.match(letter, /^[^\0-\x7f]$/u)
    assert.equal(letter.normalize('NFKC'), letter)
    assert.match(latin, /^[a-z]$/)
  }
})
