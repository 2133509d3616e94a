import { countCall, takeFault } from './control.ts'
import { GOODS, MANNERS, VALUES } from './words.ts'
import type { Control } from './control.ts'
import type { Call, Reply } from './listen.ts'

const ENGLISH = new Map([
  ...GOODS.flatMap(({ noun, unit, options, material }) => [noun, unit, material, ...options]),
  ...MANNERS,
  ...Object.values(VALUES).flat(),
])

/** `POST /translate` in LibreTranslate's form: knows the words of the invented goods, and marks every other text. */
export function translateServer(key: string, control: Control) {
  return (call: Call): Reply => {
    countCall(control, call.path.slice(1))
    const fault = takeFault(control)
    if (fault === 'down') return 'drop'
    if (fault === 'timeout') return 'hold'
    if (fault === 'throttled' || fault === 'quota') return refuse(429, 'Slowdown: too many requests')
    if (fault === 'garbage' || fault === 'truncated') return { status: 200, body: '{"translatedText": ["' }
    if (fault !== 'none') return refuse(500, 'Cannot translate text')
    if (call.path === '/languages') {
      return json(200, [
        { code: 'zh', name: 'Chinese', targets: ['en'] },
        { code: 'en', name: 'English', targets: ['zh'] },
      ])
    }
    return call.path === '/translate' && call.method === 'POST' ? translate(key, call.body) : refuse(404, 'Not found')
  }
}

function json(status: number, body: unknown): Reply {
  return { status, body: JSON.stringify(body) }
}

function refuse(status: number, error: string): Reply {
  return json(status, { error })
}

function translate(key: string, body: string): Reply {
  const given = readBody(body)
  if (given['api_key'] !== key) return refuse(403, 'Invalid API key')
  const { q, source, target } = given
  const texts = Array.isArray(q) ? q : [q]
  if (!texts.every((text): text is string => typeof text === 'string')) return refuse(400, 'Invalid request: missing q')
  if (typeof source !== 'string' || typeof target !== 'string') return refuse(400, 'Invalid request: missing source')

  const translated = texts.map((text) => (target === 'en' && ENGLISH.get(text)) || `[${target}] ${text}`)
  return json(200, { translatedText: Array.isArray(q) ? translated : translated[0] })
}

/** JSON or a form. */
function readBody(body: string): Record<string, unknown> {
  try {
    const given: unknown = JSON.parse(body)
    return typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  } catch {
    return Object.fromEntries(new URLSearchParams(body))
  }
}
