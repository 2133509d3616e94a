import type { Ctx } from '../../ctx.ts'
import type { Db } from '../../lib/db/db.ts'
import { SELLERS_LANGUAGE } from '../translation/languages.ts'
import { fitRequest, parseTranslation, translationRequest } from '../translation/provider.ts'
import { type TranslatedListing, translateListing, untranslatedTexts } from '../translation/translation.ts'
import { epochBump, productAddMachineTranslations } from './catalog.sql.ts'
import { type Flights, isResting, openFlights, rest, shareFlight } from './flights.ts'
import { type Product, refKey } from './product.ts'
import { shardOf } from './shards.ts'
import { storableJson } from './rows.ts'

/** How long a language of a product is left alone after the service failed. */
const REST_MS = 10 * 60_000

type Terms = Record<string, string>
/** By database and not by ctx, so that a ctx that was copied with another member shares it. */
const FLIGHTS = new WeakMap<Db, Flights<Terms>>()

/**
 * The texts of a product in `language`: what the source gave, then the glossary, then the translation service when one
 * is configured. The service is asked once for each text of a product and language, and its words are kept with the product;
 * when it fails, the texts stay as the seller wrote them. The demo never causes a call.
 */
export async function translateProduct(ctx: Ctx, product: Product, language: string): Promise<TranslatedListing> {
  const known = Object.hasOwn(product.machineTranslations, language) ? product.machineTranslations[language]! : {}
  const translated = translateListing(product, language, known)
  if (!ctx.config.translate || product.catalogue !== 'live' || language === SELLERS_LANGUAGE) return translated
  const texts = fitRequest(untranslatedTexts(product, translated).filter((text) => !Object.hasOwn(known, text)))
  if (texts.length === 0) return translated

  const flights = flightsOf(ctx)
  const key = `${refKey(product)} ${language}`
  if (!flights.under.has(key) && isResting(flights, key, ctx.clock.elapsedMs())) return translated
  const asked = await shareFlight(flights, key, () => askService(ctx, product, texts, language))
  return translateListing(product, language, { ...known, ...asked })
}

/** What the service answers for `texts`, stored; nothing when it fails. */
async function askService(ctx: Ctx, product: Product, texts: string[], language: string): Promise<Terms> {
  const key = `${refKey(product)} ${language}`
  try {
    const { status, text } = await ctx.http.send(translationRequest(ctx.config.translate!, texts, language))
    const terms = parseTranslation(texts, status, text)
    if (terms) {
      await storeTerms(ctx, product, language, terms)
      return terms
    }
    ctx.log.warn({ listing: key, status }, `the translation service's answer (${status}) for ${key} is of no use`)
  } catch (error) {
    ctx.log.warn({ err: error, listing: key }, `the translation service could not be used for ${key}`)
  }
  rest(flightsOf(ctx), key, ctx.clock.elapsedMs() + REST_MS)
  return {}
}

async function storeTerms(ctx: Ctx, product: Product, language: string, terms: Terms): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await productAddMachineTranslations(tx, product.id, language, storableJson(terms))
    await epochBump(tx, [shardOf(product)])
  })
}

function flightsOf({ db }: Ctx): Flights<Terms> {
  let flights = FLIGHTS.get(db)
  if (!flights) FLIGHTS.set(db, (flights = openFlights()))
  return flights
}
