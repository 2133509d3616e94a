/** Languages that a text can be asked for in: those that LibreTranslate's own models cover. */
const LANGUAGES: ReadonlySet<string> = new Set(
  'ar az bg bn ca cs da de el en eo es et fa fi fr ga he hi hu id it ja ko lt lv ms nb nl pl pt ro ru sk sl sq sv th tl tr uk ur vi zh'.split(
    ' ',
  ),
)

/** The language that sellers write in. */
export const SELLERS_LANGUAGE = 'zh'
export const DEFAULT_LANGUAGE = 'en'

/** Reads a caller's hint (`EN`, `pt-BR`, `zh_CN`); anything unknown or missing means English. */
export function languageOf(hint: string | null | undefined): string {
  const language = (hint ?? '').trim().slice(0, 20).toLowerCase().split(/[-_]/, 1)[0]!
  return LANGUAGES.has(language) ? language : DEFAULT_LANGUAGE
}
