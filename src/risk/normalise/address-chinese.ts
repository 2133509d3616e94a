import { isJapanese } from './address-japanese.ts'
import type { AddressParts } from './address-parts.ts'
import { digitsOf, numeralsBefore, numeralsToDigits } from './chinese-numerals.ts'

/** Characters of addresses and of the larger places, traditional and simplified in turns. */
const TRADITIONAL =
  '號号樓楼區区縣县鄉乡鎮镇棟栋單单層层門门廣广東东蘇苏灣湾臺台龍龙陽阳漢汉衛卫園园廈厦場场橋桥龐庞嶺岭島岛濟济遼辽寧宁雲云貴贵慶庆陝陕蕭萧馬马騰腾開开發发業业國国華华義义亞亚衝冲灘滩溝沟澤泽潯浔瀋沈長长鄭郑蘭兰無无鹽盐揚扬滬沪莊庄裡里巖岩綠绿豐丰興兴學学環环勝胜聖圣萬万會会舊旧湯汤陳陈趙赵吳吴劉刘張张楊杨錦锦銀银鐵铁鳳凤鷹鹰麗丽歐欧歷历彌弥爾尔羅罗葉叶蓮莲蘆芦鋼钢錢钱關关陸陆雙双順顺鵬鹏黃黄齊齐'
const SIMPLIFIED: ReadonlyMap<string, string> = new Map(
  Array.from({ length: TRADITIONAL.length / 2 }, (_, at) => [TRADITIONAL[2 * at]!, TRADITIONAL[2 * at + 1]!]),
)

const COUNTRY = /^(?:中国|中华人民共和国)?(台湾|香港|澳门)(?:省|特别行政区)?(?!路|街|道|大道)/
const COUNTRY_CODES: ReadonlyMap<string, string> = new Map(Object.entries({ 台湾: 'tw', 香港: 'hk', 澳门: 'mo' }))
const PROVINCE =
  /^(?:(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海)省?|(?:内蒙古|广西|西藏|宁夏|新疆)(?:壮族|回族|维吾尔)?(?:自治区)?)/
const MUNICIPALITY = /^(?:(北京|上海|天津|重庆)市?)+/
const NOT_CITY = '(?!场|政|民)'
const CITY = new RegExp(`^([^区县市路街号\\d]{1,7}?)(?:市${NOT_CITY}|自治州|地区|盟)`)
/** Cities that are written without 市; before a district, as streets are called after cities. */
const LARGE_CITY =
  /^(广州|深圳|杭州|南京|苏州|成都|武汉|西安|郑州|长沙|东莞|佛山|宁波|青岛|沈阳|大连|厦门|福州|济南|合肥|昆明|哈尔滨|石家庄|太原|南昌|南宁|贵阳|兰州|无锡|温州|泉州|常州|嘉兴|金华|珠海|惠州|台北|新北|桃园|台中|台南|高雄)(?=[^区县市路街号\d]{1,6}[区县市])/
/** A district, and not the 区 of a housing estate. */
const DISTRICT = new RegExp(`^([^区县市路街号\\d]{1,8}?)(?:(?<![小社园校厂住])区|县|旗|市${NOT_CITY})`)
const SUBDISTRICT = /^([^路街巷弄号\d]{1,8}?)街道(?:办事处)?/
const PHONE = /(?<!\d)1[3-9]\d{9}(?!\d)/
const NUMERALS = numeralsBefore('号|栋|幢|座|楼|层|单元|室|房|弄|巷|段|期|组|路|街')
const HOUSE =
  /(?:(?<!\d|\d-)(\d+(?:-\d+)*)号(?!楼|栋|幢|座|门|室|线|桥)(?:大?院)?|(?<=[路街道巷弄段村])(\d+(?:-\d+)*)(?![\d-]*(?:号|栋|幢|座|弄|巷|段|路|街|单元)))/
const UNIT =
  /(负?\d+[a-z]?|[a-z]\d*|[东南西北甲乙丙丁](?=号楼|栋|幢|座|楼|单元))(号楼|号|栋|幢|座|楼|层|单元|室|房|户|期|组|门)?/g

/** Whether most letters are Chinese characters, in a text that is not Japanese. */
export function isChinese(text: string, region: string | null): boolean {
  if (region === 'jp' || region === 'kr' || isJapanese(text, region)) return false
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  return han >= 4 && han * 2 >= letters
}

/**
 * Takes apart a Chinese address, largest place first: province, city, district, subdistrict, road, number, building, staircase, room.
 * Provinces are left out, as they are in half of all addresses; so is the postcode. A subdistrict says where it is, where it is written.
 * What is within the house is the row of its numbers, so that `2栋3单元401室` is `2-3-401`; a floor counts when no room says it already.
 * An estate without a road has its first building for a number, `b2`. Hong Kong and Macau are their own cities.
 */
export function parseChineseAddress(text: string, region: string | null): AddressParts {
  const { address, beside } = compactText(text)
  const special = COUNTRY.exec(address)
  const local = (special ? address.slice(special[0].length) : address.replace(/^(?:中国|中华人民共和国)/, '')).replace(
    PROVINCE,
    '',
  )
  const [city, belowCity] = cutPlace(local, [MUNICIPALITY, LARGE_CITY].find((pattern) => pattern.test(local)) ?? CITY)
  const [district, belowDistrict] = cutPlace(belowCity.replace(/^市辖区/, ''), DISTRICT)
  const [subdistrict, home] = cutPlace(belowDistrict, SUBDISTRICT)
  const town = city === '' && special && special[1] !== '台湾' ? special[1]! : city
  const { number, street, units, unread } = readHome(home)
  return {
    country: special ? COUNTRY_CODES.get(special[1]!)! : (region ?? 'cn'),
    postcode: null,
    district: `${town}${district}` || null,
    place: town === '' ? null : `${town}${district}${subdistrict && ` ${subdistrict}`}`,
    number,
    street: street === '' ? [] : [street],
    units,
    locality: town === '' ? [] : [town],
    unread: [...beside, ...unread],
    isBox: false,
    isPostcodeFine: false,
  }
}

/**
 * Simplified, without postcode, phone and punctuation; numbers in digits; a blank only where it parts two numbers. Who receives it
 * stands on one side of the telephone number, the address on the other; `beside` is what else stands with the name.
 */
function compactText(text: string): { address: string; beside: string[] } {
  const [longest = '', ...others] = text.split(PHONE).sort((one, other) => other.length - one.length)
  const address = longest
    .replaceAll(/\p{Script=Han}/gu, (letter) => SIMPLIFIED.get(letter) ?? letter)
    .replaceAll(/邮(?:政)?编(?:码)?|(?<![\da-z-])\d{6}(?![\d-])(?! *[号室栋幢楼层座弄房])/g, ' ')
    .replaceAll(/^ *\d{3}(?:\d{2})? *(?=\p{Script=Han})/gu, '')
    .replaceAll(/(?<=\d)#/g, '栋')
    .replaceAll(/号\p{Pd}(?=\d{1,2}[楼层])/gu, '号负')
    .replaceAll(/\p{Pd}|之(?=[\d一二三四五六七八九十])/gu, '-')
    .replaceAll(/(?<=号-)[一二三四五六七八九十]{1,3}/g, digitsOf)
    .replaceAll(/[^\p{L}\p{N}-]+/gu, ' ')
    .replaceAll(/(?<![a-z\d]) | (?![a-z\d])/g, '')
  return {
    address: numeralsToDigits(address, NUMERALS).replaceAll(/(?<!\d)(\d+)号-(\d+)/g, '$1-$2号'),
    beside: others.filter((other) => /[\d栋棟幢座楼樓层層单單室号號]/.test(other)),
  }
}

/** The name of the place that the text begins with, and what follows it. */
function cutPlace(text: string, pattern: RegExp): [name: string, rest: string] {
  const found = pattern.exec(text)
  return found ? [found[1]!, text.slice(found[0].length)] : ['', text]
}

type Home = { number: string | null; street: string; units: string[]; unread: string[] }

function readHome(home: string): Home {
  const house = HOUSE.exec(home)
  const within = house ? home.slice(house.index + house[0].length) : home
  const rooms = [...within.matchAll(UNIT)].map(([, id, kind], at, all) => {
    return { id: id!, mark: markOf(kind, at === 0 && all.length > 1) }
  })
  const last = rooms.at(-1)
  const isSaid = ({ id, mark }: (typeof rooms)[number]) =>
    mark === 'f' && last?.mark === '' && new RegExp(`^${id}\\d\\d\\D?$`).test(last.id)
  const ids = rooms.filter((room) => !isSaid(room)).map(({ id, mark }) => mark + id)
  const unitsAt = house ? 0 : Math.max(0, within.search(UNIT))
  const left = within.slice(unitsAt).replaceAll(UNIT, ' ').split(/[ -]+/)
  const unread = left.filter((word) => word !== '')
  const row = (all: readonly string[]) => (all.length > 0 ? [all.join('-')] : [])
  if (house) return { number: house[1] ?? house[2]!, street: home.slice(0, house.index), units: row(ids), unread }
  const [building, ...others] = ids
  const number = building === undefined ? null : `b${building}`
  return { number, street: rooms.length > 0 ? home.slice(0, unitsAt) : home, units: row(others), unread }
}

/** Floors and phases are told from buildings, and so is a staircase that no building stands before. */
function markOf(kind: string | undefined, isFirstOfMany: boolean): string {
  if (kind === '楼' || kind === '层') return 'f'
  if (kind === '期') return 'p'
  return kind === '单元' && isFirstOfMany ? 's' : ''
}
