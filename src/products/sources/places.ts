import { text } from './wobble.ts'

const PROVINCES =
  '北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门'.split(
    ' ',
  )
const CITY_PROVINCES = new Set(['北京', '天津', '上海', '重庆', '香港', '澳门'])

/** Splits where goods are sent from ("广东广州", "浙江省 杭州市") into province and city, without their suffixes. */
export function readPlace(value: unknown): { province: string | null; city: string | null } {
  const place = (text(value) ?? '').replaceAll(/[\s/,]+/g, '')
  const province = PROVINCES.find((name) => place.startsWith(name)) ?? null
  const rest = province
    ? place.slice(province.length).replace(/^(?:[壮回维]\S{0,2}族?自治区|省|自治区|特别行政区|市)/, '')
    : place
  const city = rest.match(/^(.{2,10}?)(?:市|$)/u)?.[1] ?? null
  return { province, city: city ?? (province && CITY_PROVINCES.has(province) ? province : null) }
}
