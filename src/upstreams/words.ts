/** A word as a seller writes it and in English. */
export type Word = readonly [chinese: string, english: string]

/** What the invented goods are, with the names of their options. Invented: no brands, no shops. */
export const GOODS: readonly { noun: Word; unit: Word; options: readonly Word[]; material: Word }[] = [
  {
    noun: ['帆布托特包', 'canvas tote bag'],
    unit: ['个', 'piece'],
    options: [['颜色', 'Colour']],
    material: ['帆布', 'Canvas'],
  },
  {
    noun: ['纯棉短袖T恤', 'cotton T-shirt'],
    unit: ['件', 'piece'],
    options: [
      ['颜色', 'Colour'],
      ['尺码', 'Size'],
    ],
    material: ['棉', 'Cotton'],
  },
  {
    noun: ['低帮板鞋', 'low-top shoes'],
    unit: ['双', 'pair'],
    options: [
      ['颜色', 'Colour'],
      ['尺码', 'Size'],
    ],
    material: ['合成革', 'Synthetic leather'],
  },
  {
    noun: ['桌面台灯', 'desk lamp'],
    unit: ['台', 'piece'],
    options: [['规格', 'Specification']],
    material: ['铝合金', 'Aluminium'],
  },
  {
    noun: ['陶瓷马克杯', 'ceramic mug'],
    unit: ['个', 'piece'],
    options: [['图案', 'Pattern']],
    material: ['陶瓷', 'Ceramic'],
  },
  {
    noun: ['折叠雨伞', 'folding umbrella'],
    unit: ['把', 'piece'],
    options: [['颜色', 'Colour']],
    material: ['涤纶', 'Polyester'],
  },
  { noun: ['手工木梳', 'wooden comb'], unit: ['把', 'piece'], options: [], material: ['檀木', 'Sandalwood'] },
]

export const MANNERS: readonly Word[] = [
  ['简约', 'Simple'],
  ['复古', 'Vintage'],
  ['加厚', 'Thick'],
  ['轻便', 'Light'],
  ['大容量', 'Roomy'],
  ['新款', 'New'],
]

/** Values of each option. Some hold a colon or a semicolon, as sellers write them. */
export const VALUES: Readonly<Record<string, readonly Word[]>> = {
  颜色: [
    ['黑色', 'Black'],
    ['米白色', 'Off-white'],
    ['雾霾蓝', 'Haze blue'],
    ['军绿色:加绒', 'Army green: lined'],
    ['酒红色', 'Wine red'],
  ],
  尺码: [
    ['S', 'S'],
    ['M', 'M'],
    ['L', 'L'],
    ['均码', 'One size'],
  ],
  规格: [
    ['暖光:充电款', 'Warm light: rechargeable'],
    ['白光;插电款', 'White light; plug-in'],
    ['三色调光', 'Three colours'],
  ],
  图案: [
    ['小猫', 'Cat'],
    ['条纹', 'Stripes'],
    ['纯色', 'Plain'],
  ],
}

export const PLACES: readonly (readonly [province: string, city: string])[] = [
  ['广东', '广州'],
  ['浙江', '杭州'],
  ['福建', '泉州'],
  ['江苏', '苏州'],
  ['上海', '上海'],
]
