import type { Option, OptionValue, Sku } from '../listing.ts'

/** One choice of one sku with its names, as upstreams repeat them on every sku. */
export type Choice = { optionId: string; optionName: string; valueId: string; valueName: string; image: string | null }

/** A sku whose choices are still spelt out. */
export type SpeltSku = Omit<Sku, 'choices'> & { choices: Choice[] }

/**
 * Turns skus that spell out their choices into a list of options and skus that point into it. `known` are values that
 * the upstream lists apart: they come first and keep their order, so that a sold-out value stays visible. A sku that
 * leaves an option open cannot be ordered and is left out, and so is a second one with the same id.
 */
export function foldOptions(
  spelt: readonly SpeltSku[],
  known: readonly Choice[] = [],
): { options: Option[]; skus: Sku[] } {
  const widest = spelt.reduce<Choice[]>((best, { choices }) => (choices.length > best.length ? choices : best), [])
  const options = new Map<string, { name: string; values: Map<string, OptionValue> }>(
    widest.map(({ optionId, optionName }) => [optionId, { name: optionName, values: new Map() }]),
  )
  for (const choice of [...known, ...spelt.flatMap(({ choices }) => choices)]) {
    const values = options.get(choice.optionId)?.values
    if (!values) continue
    const seen = values.get(choice.valueId)
    values.set(choice.valueId, seen ? { ...seen, image: seen.image ?? choice.image } : valueOf(choice))
  }

  const order = [...options.keys()]
  const skus = new Map<string, Sku>()
  for (const { choices, ...sku } of spelt) {
    const picked = order.map((optionId) => choices.find((choice) => choice.optionId === optionId))
    if (picked.includes(undefined) || skus.has(sku.skuId)) continue
    skus.set(sku.skuId, { ...sku, choices: picked.map((choice) => [choice!.optionId, choice!.valueId]) })
  }
  return {
    options: [...options].map(([id, { name, values }]) => ({ id, name, values: [...values.values()] })),
    skus: [...skus.values()],
  }
}

function valueOf({ valueId, valueName, image }: Choice): OptionValue {
  return { id: valueId, name: valueName, image }
}
