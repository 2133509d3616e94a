import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DISPOSABLE_DOMAINS } from '../../../src/risk/normalise/disposable-domains.ts'
import { EMAIL_PROVIDERS } from '../../../src/risk/normalise/email-providers.ts'
import { normaliseEmail } from '../../../src/risk/normalise/email.ts'
import { anyText, assertLinear, canonicalTexts, keysOf, relation, retyped, type Relation } from './relation.ts'

const pairs: [one: string, relation: Relation, other: string][] = [
  // what certainly means nothing
  ['ada.moss@example.com', 'exact', ' Ada.Moss@EXAMPLE.com '],
  ['ada.moss@example.com', 'exact', 'ada.moss@example.com.'],
  ['ada.moss@example.com', 'exact', 'ada.\u200bmoss@exa\u00admple.com'],
  ['ada.moss@example.com', 'exact', 'ａｄａ．ｍｏｓｓ＠ｅｘａｍｐｌｅ．ｃｏｍ'],
  ['ada@example.com', 'exact', 'ada@example。com'],
  ['ada@example.com', 'exact', 'ad\u200da＠example.com'],
  ['ada@bücher.example', 'exact', 'ada@xn--bcher-kva.example'],
  ['ada@bücher.example', 'exact', 'ADA@BU\u0308CHER.EXAMPLE'],
  ['ada@пример.example', 'exact', 'ADA@ПРИМЕР.example'],
  ['jose\u0301@example.com', 'exact', 'JOSÉ@example.com'],
  ['"ada moss"@example.com', 'exact', '"Ada Moss"@Example.com'],
  // Gmail
  ['ada.moss@gmail.com', 'canonical', 'adamoss@gmail.com'],
  ['ada.moss@gmail.com', 'canonical', 'A.D.A.M.O.S.S@gmail.com'],
  ['ada.moss@gmail.com', 'canonical', 'adamoss+shop@gmail.com'],
  ['ada.moss@gmail.com', 'canonical', 'ada..moss.@gmail.com'],
  ['ada.moss@gmail.com', 'canonical', 'adamoss@googlemail.com'],
  ['ada.moss+a+b@gmail.com', 'canonical', 'adamoss+@googlemail.com'],
  ['ada.moss@gmail.com', 'canonical', '"ada.moss"@gmail.com'],
  ['ja.\u0301n@gmail.com', 'canonical', 'ján@gmail.com'],
  ['ada.moss@gmail.com', 'near', 'ada-moss@gmail.com'],
  ['ada.moss@gmail.com', 'near', 'ada_moss@gmail.com'],
  ['ada.moss@gmail.com', 'near', 'adamoss1@gmail.com'],
  ['ada.moss@gmail.com', 'apart', 'ada.moss@gmial.com'],
  ['ada.moss@gmail.com', 'apart', 'ada.moss@gmail.co'],
  ['ada.moss@gmail.com', 'apart', 'ada.moss@gmail.com.example'],
  ['adamoss@gmail.com', 'apart', 'adamoss@mail.gmail.example'],
  ['ada.moss@gmail.com', 'apart', 'adamoss@gmail.ru'],
  ['+ada@gmail.com', 'apart', '+moss@gmail.com'],
  ['.+x@gmail.com', 'apart', '..+y@gmail.com'],
  ['.+@ya.ru', 'canonical', '-@ya.ru'],
  ['.-x@yahoo.com', 'apart', '.-y@yahoo.com'],
  ['ada@gmail.com', 'apart', 'adamoss@gmail.com'],
  ['shop@ada.gmail.com', 'apart', 'ada@gmail.com'],
  // dots elsewhere tell people apart
  ['ada.moss@outlook.com', 'near', 'adamoss@outlook.com'],
  ['ada.moss@example.com', 'near', 'adamoss@example.com'],
  ['ada.moss@icloud.com', 'near', 'adamoss@icloud.com'],
  ['ada.moss@yahoo.com', 'near', 'adamoss@yahoo.com'],
  ['ada.moss@proton.me', 'near', 'adamoss@proton.me'],
  ['ada.moss@fastmail.com', 'near', 'adamoss@fastmail.com'],
  // plus tags
  ['ada+shop@outlook.com', 'canonical', 'ada@outlook.com'],
  ['ada+shop@hotmail.co.uk', 'canonical', 'ada+x@hotmail.co.uk'],
  ['ada+shop@live.com', 'canonical', 'ada@live.com'],
  ['ada+shop@msn.com', 'canonical', 'ada@msn.com'],
  ['ada+shop@proton.me', 'canonical', 'ada@proton.me'],
  ['ada+shop@icloud.com', 'canonical', 'ada@icloud.com'],
  ['ada+shop@fastmail.fm', 'canonical', 'ada@fastmail.fm'],
  ['ada+shop@yandex.ru', 'canonical', 'ada@yandex.ru'],
  ['ada+shop@zoho.com', 'canonical', 'ada@zoho.com'],
  ['ada+shop@hey.com', 'canonical', 'ada@hey.com'],
  ['ada+shop@posteo.de', 'canonical', 'ada@posteo.de'],
  ['ada+shop@example.com', 'near', 'ada@example.com'],
  ['ada+shop@example.com', 'near', 'ada+other@example.com'],
  ['ada+shop@yahoo.com', 'near', 'ada@yahoo.com'],
  ['ada+shop@qq.com', 'near', 'ada@qq.com'],
  ['ada+shop@gmx.de', 'near', 'ada@gmx.de'],
  ['ada+shop@aol.com', 'near', 'ada@aol.com'],
  ['ada+shop@example.com', 'apart', 'bea+shop@example.com'],
  // dash tags, whose owner may have another mailbox
  ['ada-shop@yahoo.com', 'near', 'ada-games@yahoo.com'],
  ['ada-shop@yahoo.co.jp', 'near', 'ada@yahoo.co.jp'],
  ['ada-shop-two@ymail.com', 'near', 'ada@ymail.com'],
  ['ada-shop@aol.com', 'apart', 'ada@aol.com'],
  ['ada-shop@gmail.com', 'apart', 'ada-games@gmail.com'],
  ['ada-shop@outlook.com', 'apart', 'ada@outlook.com'],
  ['ada-shop@example.com', 'apart', 'ada@example.com'],
  ['ada-shop@yahoo.example', 'apart', 'ada@yahoo.example'],
  ['ada_shop@yahoo.com', 'apart', 'ada@yahoo.com'],
  // domains of one mailbox, and domains of one company
  ['ada@icloud.com', 'canonical', 'ada@me.com'],
  ['ada@mac.com', 'canonical', 'ada+x@me.com'],
  ['ada@proton.me', 'canonical', 'ada@protonmail.com'],
  ['ada@pm.me', 'canonical', 'ada@protonmail.ch'],
  ['ada@ya.ru', 'canonical', 'ada@yandex.com'],
  ['ada@yandex.kz', 'canonical', 'ada@yandex.by'],
  ['ada.moss@ya.ru', 'canonical', 'ada-moss@yandex.ru'],
  ['ada.moss@ya.ru', 'near', 'adamoss@yandex.ru'],
  ['ada.moss@ya.ru', 'near', 'ada_moss@yandex.ru'],
  ['ada@hotmail.com', 'apart', 'ada@outlook.com'],
  ['ada@hotmail.com', 'apart', 'ada@hotmail.co.uk'],
  ['ada@yahoo.com', 'apart', 'ada@yahoo.co.uk'],
  ['ada@yahoo.com', 'apart', 'ada@ymail.com'],
  ['ada@fastmail.com', 'apart', 'ada@fastmail.fm'],
  ['10001@qq.com', 'apart', '10001@foxmail.com'],
  ['ada@163.com', 'apart', 'ada@126.com'],
  ['ada@zoho.com', 'apart', 'ada@zohomail.com'],
  // a name as a subdomain
  ['shop@ada.fastmail.com', 'canonical', 'ada@fastmail.com'],
  ['shop@ada.fastmail.com', 'canonical', 'games@ada.fastmail.com'],
  ['shop@ada.sent.com', 'canonical', 'ada+shop@sent.com'],
  ['shop@ada.fastmail.com', 'apart', 'shop@bea.fastmail.com'],
  ['shop@ada.example.com', 'apart', 'ada@example.com'],
  ['x@shop.ada.fastmail.com', 'apart', 'ada@fastmail.com'],
  // quotes
  ['"ada"@example.com', 'canonical', 'ada@example.com'],
  ['"ada moss"@example.com', 'apart', 'ada.moss@example.com'],
  ['"ada@moss"@example.com', 'apart', 'ada@moss.example.com'],
  ['"ada.moss x"@gmail.com', 'near', '"adamoss x"@gmail.com'],
  ['"a+b c"@gmail.com', 'apart', 'a@gmail.com'],
  // what looks alike
  ['аda.moss@example.com', 'near', 'ada.moss@example.com'],
  ['adа@gmail.com', 'near', 'ada@gmail.com'],
  ['arno@example.com', 'near', 'amo@example.com'],
  ['vvilma@example.com', 'near', 'wilma@example.com'],
  ['clara@example.com', 'near', 'dara@example.com'],
  ['ada.m0ss@example.com', 'near', 'ada.moss@example.com'],
  ['adaa.mosss@example.com', 'near', 'ada.moss@example.com'],
  ['josé@example.com', 'near', 'jose@example.com'],
  ['ada@exаmple.com', 'apart', 'ada@example.com'],
  ['ada@faß.example', 'apart', 'ada@fass.example'],
  ['ada@xn--mgba3gch31f060k.com', 'apart', 'ada@xn--mgba3gch31f.com'],
  ['straße@example.com', 'near', 'strasse@example.com'],
  // numbers
  ['ada1990@example.com', 'near', 'ada1991@example.com'],
  ['ada.moss7@example.com', 'near', 'ada.moss@example.com'],
  ['12345678@qq.com', 'apart', '12345679@qq.com'],
  ['11234567@qq.com', 'apart', '1234567@qq.com'],
  ['10345@qq.com', 'apart', 'ioeas@qq.com'],
  // domains
  ['ada.moss@mail.example.co.uk', 'near', 'ada.moss@example.co.uk'],
  ['ada.moss@one.example.com', 'near', 'ada.moss@two.example.com'],
  ['ada.moss@one.github.io', 'apart', 'ada.moss@two.github.io'],
  ['ada.moss@one.co.uk', 'apart', 'ada.moss@two.co.uk'],
  ['ada.moss@example.com', 'apart', 'ada.moss@example.org'],
  ['ada.moss@example.com', 'apart', 'bea.moss@example.com'],
  ['ab@example.com', 'apart', 'a.b@example.com'],
]
for (const [one, expected, other] of pairs) {
  test(`e-mail: ${one} and ${other}: ${expected}`, () => {
    assert.equal(relation(normaliseEmail(one), normaliseEmail(other)), expected)
  })
}

test('all that is made of an address', () => {
  assert.deepEqual(normaliseEmail(' Ada.M0ss-7+shop@Mail.Example.CO.UK'), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: 'exact/ada.m0ss-7+shop@mail.example.co.uk' },
      { form: 'canonical', text: 'canonical/ada.m0ss-7+shop@mail.example.co.uk' },
      { form: 'near', text: 'untagged/ada.m0ss-7@mail.example.co.uk' },
      { form: 'near', text: 'leet/ada.moss-t@example.co.uk' },
      { form: 'near', text: 'shape/ada.m0ss-7@example.co.uk' },
      { form: 'near', text: 'joined/adam0ss7@example.co.uk' },
      { form: 'near', text: 'squeezed/ada.m0s-7@example.co.uk' },
      { form: 'near', text: 'stem/ada.m0ss@example.co.uk' },
      { form: 'near', text: 'loose/adamost@example.co.uk' },
    ],
    hint: 'a•••@m•••.uk',
    flags: [],
  })
})

test('a hint tells no name or domain that is two characters long', () => {
  const hintOf = (address: string) => {
    const normalised = normaliseEmail(address)
    return normalised.kind === 'fit' && normalised.hint
  }
  assert.equal(hintOf('x@q.cn'), '•••@•••.cn')
  assert.equal(hintOf('xy@qq.com'), '•••@•••.com')
  assert.equal(hintOf('ada@163.com'), 'a•••@1•••.com')
  assert.equal(hintOf('😀😀@example.com'), '•••@e•••.com')
})

const flagged: [address: string, flags: string[]][] = [
  ['ada@mailinator.com', ['disposable']],
  ['ada@any.name.mailinator.com', ['disposable']],
  ['ada@notmailinator.example', []],
  ['ada@mailinator.com.example', []],
  ['ada@YOPMAIL.com', ['disposable']],
  ['info@example.com', ['role']],
  ['Billing+shop@example.com', ['role']],
  ['information@example.com', []],
  ['no-reply@bücher.example', ['role', 'idn']],
  ['support@guerrillamail.com', ['disposable', 'role']],
  ['ada@gmail.com', []],
]
for (const [address, flags] of flagged) {
  test(`e-mail: ${address} is flagged ${flags.join(', ') || 'as nothing'}`, () => {
    const normalised = normaliseEmail(address)
    assert.deepEqual(normalised.kind === 'fit' && normalised.flags, flags)
  })
}

const ALONE = 'Send one e-mail address alone, such as name@example.com, without a display name.'
const unfit = [
  '',
  ' ',
  'ada',
  '@',
  'ada@',
  '@example.com',
  'ada@example',
  'ada@@example.com',
  'ada moss@example.com',
  'Ada Moss <ada@example.com>',
  '<ada@example.com>',
  'mailto:ada@example.com',
  'ada@example.com, bea@example.com',
  'ada@[192.0.2.1]',
  'ada@192.0.2.1',
  'ada@0x7f.1',
  'ada@%65xample.com',
  'ada@example.com:25',
  'ada@example.com/x',
  'ada@-example.com',
  'ada@example-.com',
  'ada@exam_ple.com',
  'ada@.com',
  'ada@example..com',
  '...@gmail.com',
  '"ada@example.com',
  '"a"b"@example.com',
  'ada@example.com?x=1',
  'ada(x)@example.com',
  'ada@\0.com',
  `ada@${'a'.repeat(64)}.com`,
  `ada@${'a.'.repeat(130)}com`,
]
for (const address of unfit) {
  test(`e-mail: ${JSON.stringify(address).slice(0, 40)} is unfit`, () => {
    assert.deepEqual(normaliseEmail(address), { kind: 'unfit', why: ALONE })
  })
}

test('a joiner may tell two domains apart, and is not seen', () => {
  const why = 'Send the domain in ASCII, as xn--…: it has a joiner (U+200C, U+200D), which is not seen.'
  for (const address of ['ada@نامه\u200cای.com', 'ada@exam\u200dple.com', 'ada＠exam\u200dple.com'])
    assert.deepEqual(normaliseEmail(address), { kind: 'unfit', why })
})

test('an address over the limit is unfit at once', () => {
  const why = 'Send an e-mail address of at most 320 characters.'
  assert.equal(normaliseEmail(`${'a'.repeat(308)}@example.com`).kind, 'fit')
  assert.deepEqual(normaliseEmail(`${'a'.repeat(309)}@example.com`), { kind: 'unfit', why })
  assert.deepEqual(normaliseEmail(' '.repeat(100_000)), { kind: 'unfit', why })
})

test('any text gets an answer, and what it was made into makes the same again', () => {
  const domain = fc.constantFrom(
    'gmail.com',
    'yahoo.com',
    'ya.ru',
    'ada.fastmail.com',
    'me.com',
    'bücher.example',
    'x.co.uk',
  )
  const short = fc.string({
    unit: fc.constantFrom('a', '.', '+', '-', '"', '\\', ' ', '@', 'İ', '\u0301'),
    maxLength: 6,
  })
  const address = fc
    .tuple(fc.oneof(anyText, fc.string(), short), domain)
    .map(([local, at]) => `${local.slice(0, 64)}@${at}`)
  fc.assert(
    fc.property(fc.oneof(anyText, address), (raw) => {
      const normalised = normaliseEmail(raw)
      if (normalised.kind === 'unfit') return
      const [exact] = keysOf(normalised, 'exact')
      const [canonical] = canonicalTexts(normalised)
      fc.pre(exact!.length <= 320 && canonical!.length <= 320)
      assert.deepEqual(keysOf(normaliseEmail(exact!.slice('exact/'.length)), 'exact'), [exact])
      assert.deepEqual(canonicalTexts(normaliseEmail(canonical!)), [canonical])
    }),
    { numRuns: 3_000 },
  )
})

test('however an address is typed, it is the same', () => {
  const local = fc.stringMatching(/^[a-z0-9][a-z0-9._+-]{0,20}$/)
  const domain = fc.constantFrom('gmail.com', 'example.co.uk', 'yahoo.com', 'ya.ru', 'sub.example.org')
  fc.assert(
    fc.property(local, domain, fc.constantFrom(...retyped), (name, at, retype) => {
      assert.deepEqual(normaliseEmail(retype(`${name}@${at}`)), normaliseEmail(`${name}@${at}`))
    }),
  )
})

test('dots in a Gmail address change its exact key alone', () => {
  const letters = fc.array(fc.tuple(fc.constantFrom(...Array.from('abcxyz019')), fc.constantFrom('', '.', '..')), {
    minLength: 1,
    maxLength: 20,
  })
  fc.assert(
    fc.property(letters, (each) => {
      const [dotted, plain] = [each.map((pair) => pair.join('')).join(''), each.map(([letter]) => letter).join('')]
      const [one, other] = [`${dotted}@gmail.com`, `${plain}@googlemail.com`].map((raw) =>
        keysOf(normaliseEmail(raw)).slice(1),
      )
      assert.deepEqual(one, other)
    }),
  )
})

test('time grows no faster than the text', () => assertLinear(normaliseEmail, 320))

test('the tables are names of domains, each once', () => {
  const providers = EMAIL_PROVIDERS.flatMap(({ domains }) => domains)
  assert.equal(new Set(providers).size, providers.length)
  assert.ok(DISPOSABLE_DOMAINS.size > 300)
  for (const domain of [...providers, ...DISPOSABLE_DOMAINS])
    assert.equal(keysOf(normaliseEmail(`ada@${domain}`))[0], `exact/ada@${domain}`)
  assert.deepEqual(
    [...DISPOSABLE_DOMAINS].filter((domain) => providers.includes(domain)),
    [],
  )
})
