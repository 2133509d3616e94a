import { decode, findParam, httpsUrl, trimMarks } from './address.ts'
import type { Address } from './address.ts'
import { itemTarget, otherTarget, shortTarget, storeTarget, unsupportedTarget } from './link.ts'
import type { Target } from './link.ts'
import { isListingId } from './marketplaces.ts'
import type { AnyMarketplace, Marketplace } from './marketplaces.ts'

/** Tells what an address on a marketplace's own hosts is. */
export function readMarketplacePage(marketplace: AnyMarketplace, address: Address): Target {
  const path = trimMarks(decode(address.path)).toLowerCase()
  return READERS[marketplace](address, path) ?? page(marketplace, path)
}

/** `path` is the address's, decoded and in lower case. */
type Reader = (address: Address, path: string) => Target | null

const READERS: Record<AnyMarketplace, Reader> = {
  taobao: readTaobao,
  tmall: readTmall,
  goofish: readGoofish,
  weidian: readWeidian,
  '1688': read1688,
  jd: readJd,
  pinduoduo: readPinduoduo,
}

function page(marketplace: AnyMarketplace, path: string): Target {
  const what = path === '/' || path === '/index.html' ? `The front page of ${marketplace}` : `A page of ${marketplace}`
  return otherTarget('page', `${what}, not one item.`, { marketplace })
}

/** The item that the first of `names` gives; a page with the reason when its value cannot be an id. */
function itemFrom(marketplace: AnyMarketplace, address: Address, names: readonly string[]): Target {
  const found = findParam(address.params, names)
  if (!found) return otherTarget('page', `An item page of ${marketplace} without an id.`, { marketplace })
  if (found.twice) return otherTarget('ambiguous', 'The link gives two different ids.', { marketplace })
  return itemOf(marketplace, found.value)
}

const PAGE_NAME = /^[a-z][a-z_-]*$/

/** The item of a page with an id in its path, in a parameter or in both; a word in the id's place is the page's name. */
function itemIn(marketplace: AnyMarketplace, address: Address, inPath: string, names: readonly string[]): Target {
  const found = findParam(address.params, names)
  if (PAGE_NAME.test(inPath)) return found ? itemFrom(marketplace, address, names) : page(marketplace, address.path)
  const other = found && isListingId(found.value) && (found.twice || found.value !== inPath)
  if (other && isListingId(inPath)) {
    return otherTarget('ambiguous', 'The link gives two different ids.', { marketplace })
  }
  return itemOf(marketplace, inPath)
}

function itemOf(marketplace: AnyMarketplace, id: string): Target {
  if (!isListingId(id)) {
    return otherTarget('page', `The id in this link of ${marketplace} is not a listing number.`, { marketplace })
  }
  return marketplace === 'jd' || marketplace === 'pinduoduo'
    ? unsupportedTarget(marketplace, id)
    : itemTarget(marketplace, id)
}

const ITEM_PAGE = /\/(?:item|item_o|item_detail|detail|edetail|security-h5-detail\/home)(?:\.html?)?\/?$/
const ITEM_PATH = /^\/(?:list\/)?item\/([^/]+?)(?:\.html?)?\/?$/
const MOBILE_ITEM_PATH = /^\/i(\d+)\.html?$/
const ITEM_IDS = ['id', 'itemid', 'item_id', 'itemnumid']

function readTaobao(address: Address, path: string): Target | null {
  // Goofish pages inside the app of its owner.
  const marketplace: Marketplace = path.includes('/idlefish-f2e/') ? 'goofish' : 'taobao'
  const inPath = MOBILE_ITEM_PATH.exec(path) ?? ITEM_PATH.exec(path)
  if (inPath) return itemIn(marketplace, address, inPath[1]!, ITEM_IDS)
  if (ITEM_PAGE.test(path) || (marketplace === 'goofish' && path.includes('detail'))) {
    return itemFrom(marketplace, address, ITEM_IDS)
  }
  return readTarget(marketplace, address) ?? readNamedShop('taobao', address, path)
}

function readTmall(address: Address, path: string): Target | null {
  const inPath = ITEM_PATH.exec(path)
  if (inPath) return itemIn('tmall', address, inPath[1]!, ITEM_IDS)
  if (ITEM_PAGE.test(path)) return itemFrom('tmall', address, ITEM_IDS)
  return readTarget('tmall', address) ?? readNamedShop('tmall', address, path)
}

/** Pages of the app that name what they show by its kind and id. */
function readTarget(marketplace: Marketplace, address: Address): Target | null {
  const kind = findParam(address.params, ['targettype'])
  return kind && kind.value.toLowerCase() === 'item' ? itemFrom(marketplace, address, ['targetid']) : null
}

function readGoofish(address: Address, path: string): Target | null {
  const inPath = ITEM_PATH.exec(path)
  if (inPath) return itemIn('goofish', address, inPath[1]!, ITEM_IDS)
  if (ITEM_PAGE.test(path) || (path.includes('/idlefish-f2e/') && path.includes('detail'))) {
    return itemFrom('goofish', address, ITEM_IDS)
  }
  if (path === '/personal') {
    const seller = findParam(address.params, ['userid'])
    return seller && !seller.twice && /^\d{1,20}$/.test(seller.value) ? storeTarget('goofish', seller.value) : null
  }
  return null
}

const SHOP_HOST = /^shop(\d{1,20}|[a-z0-9]{6,40})\.(?:world\.|m\.|v\.)?(?:taobao|tmall|weidian|1688)\.com$/
const NAMED_HOST = /^([a-z0-9][a-z0-9-]{1,60})\.(?:world\.)?(?:taobao|tmall|1688)\.com$/
const SHOP_PATH = /^\/(?:$|index\.html?$|shop\/|category|search\.html?$|page\/)/
/** First labels that are the marketplace's own, not a shop's name. */
const OWN_LABELS = new Set(
  (
    'www m h5 item detail world s list login passport market shop shopsearch trade cart buyer i my member search uland ai ' +
    'pages ju guang intl main a click app huodong favorite help service global en air re show page chaoshi food ' +
    'assets-tmw store purchase work offer work-order sale message show dj qr winport open club yao temai brand'
  ).split(' '),
)

function readNamedShop(marketplace: 'taobao' | 'tmall' | '1688', address: Address, path: string): Target | null {
  const own = OWN_LABELS.has(address.host.slice(0, address.host.indexOf('.')))
  const numbered = own ? null : SHOP_HOST.exec(address.host)
  if (numbered) return storeTarget(marketplace, /^\d+$/.test(numbered[1]!) ? numbered[1]! : `shop${numbered[1]}`)
  const named = own ? null : NAMED_HOST.exec(address.host)
  if (named && SHOP_PATH.test(path)) return storeTarget(marketplace, named[1]!)
  if (!/^\/shop\/(?:view_shop|shop_index)\.html?$/.test(path)) return null
  const shop = findParam(address.params, ['shop_id', 'shopid'])
  return shop && !shop.twice && /^\d{1,20}$/.test(shop.value) ? storeTarget(marketplace, shop.value) : null
}

const WEIDIAN_ITEM_PAGE = /\/(?:item|item_classic|item_detail|fastorder)(?:\.html?)?\/?$/
const WEIDIAN_ITEM_IDS = ['itemid', 'item_id']

function readWeidian(address: Address, path: string): Target | null {
  const inPath = /^\/items?\/([^/]+?)(?:\.html?)?\/?$/.exec(path)
  if (inPath) return itemIn('weidian', address, inPath[1]!, WEIDIAN_ITEM_IDS)
  if (WEIDIAN_ITEM_PAGE.test(path)) return itemFrom('weidian', address, WEIDIAN_ITEM_IDS)
  if (address.host === 'k.youshop10.com' && /^\/[\w=-]{4,40}$/.test(path)) {
    return shortTarget(httpsUrl(address), 'weidian', FOLLOW)
  }
  const shop = SHOP_HOST.exec(address.host)?.[1] ?? /^\/s\/(\d+)\/?$/.exec(path)?.[1]
  if (shop && /^\d+$/.test(shop)) return storeTarget('weidian', shop)
  const owner = findParam(address.params, ['userid'])
  if (owner && !owner.twice && /^\d{1,20}$/.test(owner.value)) return storeTarget('weidian', owner.value)
  return null
}

const FOLLOW = 'A short link: it has to be followed to know its item.'

function read1688(address: Address, path: string): Target | null {
  const inPath = /^\/(?:[a-z0-9]+\/)?offer\/([^/]+?)(?:\.html?)?\/?$/.exec(path)
  if (inPath) return itemIn('1688', address, inPath[1]!, ['offerid'])
  if (address.host === 'dj.1688.com' && /^\/ci_(?:bb|king)$/.test(path)) {
    return shortTarget(httpsUrl(address), '1688', FOLLOW)
  }
  if (address.host.startsWith('detail.') || path.includes('offer') || path.includes('detail')) {
    if (findParam(address.params, ['offerid'])) return itemFrom('1688', address, ['offerid'])
    if (address.host.startsWith('detail.')) {
      return otherTarget('page', 'An item page of 1688 without an id.', { marketplace: '1688' })
    }
  }
  const factory = /^\/winport\/(b2b-[a-z0-9]{1,60})\.html?$/i.exec(address.path)?.[1]
  const member = factory ?? findParam(address.params, ['memberid'])?.value
  if (member && /^b2b-[a-z0-9]{1,60}$/i.test(member)) return storeTarget('1688', member)
  return readNamedShop('1688', address, path)
}

function readJd(address: Address, path: string): Target | null {
  const inPath = /^\/(?:product\/)?(\d+)\.html?$/.exec(path)
  if (inPath && /(?:^|\.)(?:item|npcitem|mitem)\./.test(address.host)) return itemOf('jd', inPath[1]!)
  if (path === '/ware/view.action') return itemFrom('jd', address, ['wareid'])
  return null
}

function readPinduoduo(address: Address, path: string): Target | null {
  if (!/^\/goods\d?\.html$/.test(path)) return null
  if (!findParam(address.params, ['goods_id']) && findParam(address.params, ['ps'])) {
    return shortTarget(null, 'pinduoduo', 'A shared link of pinduoduo: only its app can tell the item.')
  }
  return itemFrom('pinduoduo', address, ['goods_id'])
}
