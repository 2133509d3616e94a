import type { Sku } from '../listing.ts'
import type { TranslatedListing } from '../translation/translation.ts'
import type { Product } from './product.ts'

/** The title in the language of `texts` when the whole of it can be said there, else as the seller wrote it. */
export function titleOf({ title }: Pick<Product, 'title'>, texts: TranslatedListing): string {
  // Half a translation helps nobody.
  return texts.title.translated ? texts.title.text : title
}

/** What the buyer of a sku has chosen, such as "Black / US 9"; empty where there is nothing to choose. */
export function skuNameOf({ choices }: Pick<Sku, 'choices'>, texts: TranslatedListing): string {
  const names = choices.map(([optionId, valueId]) => {
    const values = texts.options.find(({ id }) => id === optionId)?.values
    return values?.find(({ id }) => id === valueId)?.name.text ?? valueId
  })
  return names.join(' / ')
}
