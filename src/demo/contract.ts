import { buildProduct, type DemoListing, type DemoProduct } from './build.ts'
import type { Kind, Row } from './data/kind.ts'
import { picturePath, qcPath } from './views.ts'

type Special = { id: number; kind: Kind['shape']; row: Row; fixed: Partial<DemoListing> }

const photos = (listingId: string, count: number) => Array.from({ length: count }, (_, at) => qcPath(listingId, at + 1))

const TRAINERS = '6789012345'
const BACKPACK = '6789054321'

/** Products whose numbers and figures are those of the examples in the API references, so that the examples can be run. */
const EXAMPLES: Special[] = [
  {
    id: 482_910,
    kind: 'sneaker',
    row: [
      'w',
      '复古高帮板鞋男女同款拼色休闲鞋秋冬加绒可选',
      'Retro high-top trainers in two tones',
      470,
      'red navy black',
      'plain',
      'white',
      2,
    ],
    fixed: { listingId: '7231368393', sales: 1_264, qcPhotos: photos('7231368393', 12) },
  },
  {
    id: 500_001,
    kind: 'tee',
    row: [
      'w',
      '海岛印花纯棉短袖T恤男女宽松夏季半袖上衣',
      'Island print cotton tee',
      41,
      'cream sage blue',
      'plain',
      'coral',
      0,
    ],
    fixed: { listingId: '7266541641', sales: 49, weightGrams: 256.11, sizeCm3: 1805.74, deliveryDays: '2.5' },
  },
  {
    id: 500_002,
    kind: 'hoodie',
    row: [
      'w',
      '山间晨雾连帽卫衣男女情侣款宽松加厚外套',
      'Morning-fog hoodie, loose fit',
      168,
      'blue oat charcoal',
      'plain',
      'white',
      0,
    ],
    fixed: { listingId: '1234567890', sales: 873, qcPhotos: photos('1234567890', 7) },
  },
  {
    id: 500_003,
    kind: 'faceMask',
    row: [
      'a',
      '轻薄冰丝防晒口罩女夏季护眼角凉感透气可水洗面罩',
      'Light cooling sun mask that covers the eye corners',
      2.85,
      'pink grey sky white',
      'plain',
      'white',
      0,
    ],
    fixed: {
      listingId: '791912182230',
      minimumOrder: 10,
      seller: {
        id: '0001090',
        name: '溪口燕尾布艺作坊',
        url: 'https://shop0001090.1688.com/',
        city: '金华市',
        province: '浙江省',
      },
    },
  },
  {
    id: 12_345,
    kind: 'sneaker',
    row: [
      't',
      '气垫缓震皮革跑步鞋男女透气休闲运动鞋',
      'Cushioned leather running shoes',
      299,
      'black white',
      'plain',
      'grey',
      3,
    ],
    fixed: {
      listingId: TRAINERS,
      originalPriceFen: 49_900,
      sales: 1_580,
      stock: 200,
      categoryId: '23',
      options: [
        {
          id: '1627207',
          name: '颜色',
          values: [
            { id: '28320', name: '黑色', image: picturePath(TRAINERS, 2) },
            { id: '28327', name: '白色', image: picturePath(TRAINERS, 3) },
          ],
        },
        { id: '20549', name: '鞋码', values: [{ id: '28398', name: 'US 9', image: null }] },
      ],
      skus: [trainers('s001', '28320', 29_900, 50, 2), trainers('s002', '28327', 31_900, 30, 3)],
      attributes: [
        { name: '材质', value: '皮革' },
        { name: '产地', value: '越南' },
      ],
    },
  },
  {
    id: 12_346,
    kind: 'sneaker',
    row: [
      'a',
      '轻便透气运动鞋工厂现货批发男女休闲跑鞋',
      'Light sport shoes, wholesale',
      89,
      'white grey navy',
      'plain',
      'teal',
      1,
    ],
    fixed: {
      listingId: '688012346012',
      minimumOrder: 2,
      priceRanges: [
        { minQuantity: 2, priceFen: 8_900 },
        { minQuantity: 24, priceFen: 8_450 },
        { minQuantity: 120, priceFen: 7_900 },
      ],
    },
  },
  {
    id: 67_890,
    kind: 'backpack',
    row: [
      't',
      '轻便防泼水双肩包男女大容量旅行背包电脑包',
      'Light water-repellent backpack',
      189,
      'navy',
      'plain',
      'mustard',
      0,
    ],
    fixed: {
      listingId: BACKPACK,
      stock: 120,
      skus: [
        {
          skuId: 's010',
          specId: null,
          choices: [['1627207', '28362']],
          priceFen: 18_900,
          originalPriceFen: null,
          stock: 120,
          image: picturePath(BACKPACK, 1),
        },
      ],
    },
  },
]

function trainers(skuId: string, colour: string, priceFen: number, stock: number, picture: number) {
  return {
    skuId,
    specId: null,
    choices: [
      ['1627207', colour],
      ['20549', '28398'],
    ] as [string, string][],
    priceFen,
    originalPriceFen: null,
    stock,
    image: picturePath(TRAINERS, picture),
  }
}

/**
 * Products with which the sandbox makes things go wrong on purpose: after payment the seller asks more (500011) or has
 * none left (500012), the warehouse finds a fault (500013), the carrier loses the parcel (500014).
 */
const MAGIC: Special[] = [
  {
    id: 500_011,
    kind: 'tote',
    row: [
      't',
      '【沙箱】付款后涨价的帆布托特包',
      'Sandbox: tote whose price rises after payment',
      50,
      'lemon',
      'plain',
      'coral',
      0,
    ],
    fixed: { listingId: '600000500011' },
  },
  {
    id: 500_012,
    kind: 'mug',
    row: [
      't',
      '【沙箱】付款后缺货的陶瓷马克杯',
      'Sandbox: mug that is out of stock when bought',
      50,
      'sky',
      'plain',
      'white',
      0,
    ],
    fixed: { listingId: '600000500012' },
  },
  {
    id: 500_013,
    kind: 'plush',
    row: [
      'w',
      '【沙箱】质检不合格的小熊玩偶',
      'Sandbox: bear that fails quality control',
      50,
      'caramel',
      'plain',
      'red',
      0,
    ],
    fixed: { listingId: '7000500013', qcPhotos: photos('7000500013', 4) },
  },
  {
    id: 500_014,
    kind: 'umbrella',
    row: [
      'a',
      '【沙箱】包裹会丢失的长柄雨伞',
      'Sandbox: umbrella whose parcel gets lost',
      50,
      'teal',
      'plain',
      'cream',
      1,
    ],
    fixed: { listingId: '600000500014' },
  },
]

/** The examples and the sandbox's products, made with the kinds they belong to. */
export function specialProducts(kinds: readonly Kind[]): DemoProduct[] {
  return [...EXAMPLES, ...MAGIC].map(({ id, kind, row, fixed }) =>
    buildProduct(
      kinds.find((each) => each.shape === kind)!,
      row,
      id,
      fixed,
    ),
  )
}
