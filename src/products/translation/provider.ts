import type { HttpRequest } from '../../lib/http.ts'
import { SELLERS_LANGUAGE } from './languages.ts'

export type Provider = { url: string; key: string | null }

/** Texts sent in one request, so that a long listing cannot hold a look-up or the service for long. */
export const PROVIDER_TEXTS_MAX = 200
export const PROVIDER_CHARACTERS_MAX = 20_000
const TIMEOUT_MS = 5_000

/** The first texts that fit one request. */
export function fitRequest(texts: readonly string[]): string[] {
  const fitting: string[] = []
  let characters = 0
  for (const text of texts) {
    if (fitting.length === PROVIDER_TEXTS_MAX) break
    if (characters + text.length > PROVIDER_CHARACTERS_MAX) continue
    characters += text.length
    fitting.push(text)
  }
  return fitting
}

/** The request of a LibreTranslate-shaped service for several texts at once. */
export function translationRequest(provider: Provider, texts: readonly string[], language: string): HttpRequest {
  return {
    method: 'POST',
    url: `${provider.url}/translate`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      q: texts,
      source: SELLERS_LANGUAGE,
      target: language,
      format: 'text',
      ...(provider.key === null ? {} : { api_key: provider.key }),
    }),
    timeoutMs: TIMEOUT_MS,
  }
}

/**
 * Reads the answer into original → translation, or null when it is not a whole answer to `texts`. A text that came
 * back empty or as it was stands with an empty translation, so that it is known to have been asked for.
 */
export function parseTranslation(
  texts: readonly string[],
  status: number,
  body: string,
): Record<string, string> | null {
  if (status !== 200) return null
  const answer = parseJson(body)
  const given =
    typeof answer === 'object' && answer !== null && 'translatedText' in answer ? answer.translatedText : null
  const list: unknown[] | null = typeof given === 'string' ? [given] : Array.isArray(given) ? given : null
  if (!list || list.length !== texts.length || !list.every((each) => typeof each === 'string')) return null
  return Object.fromEntries(
    texts.map((text, at) => {
      const translation = (list[at] as string).trim()
      return [text, translation === text.trim() ? '' : translation]
    }),
  )
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
