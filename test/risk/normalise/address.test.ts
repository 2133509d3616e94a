import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normaliseAddress } from '../../../src/risk/normalise/address.ts'
import { anyText, assertLinear, keysOf, relation, retyped, type Relation } from './relation.ts'

/** One place by its canonical key, the region it is read in, and ways to write it. */
const same: [canonical: string, region: string | null, ...spellings: string[]][] = [
  [
    'us|62701 sprngfld|12|main st|',
    'US',
    '12 Main Street, Springfield, IL 62701',
    '12 MAIN ST., Springfield IL 62701-1234',
    '12 Main St Springfield IL 62701',
    '12 Main St\nSpringfield, Illinois 62701\nUSA',
    '12 main street, springfield, 62701',
    '１２ Main St, Springfield IL ６２７０１',
    '12 Main St, Springfield, IL, 62701, United States of America',
  ],
  [
    'us|62701 sprngfld|12|n main st|4',
    'US',
    '12 N Main St Apt 4, Springfield, IL 62701',
    '12 North Main Street #4, Springfield, IL 62701',
    '12 North Main Street, Unit 4, Springfield, IL 62701',
    'Apt. 4, 12 N. Main St., Springfield, IL 62701',
    '12 N Main St Ste 4, Springfield IL 62701',
    '12 N Main St apt#4 Springfield IL 62701',
    '12 N Main St Apt 04, Springfield, IL 62701',
  ],
  [
    'us|10118 nv ark|350|5 ave|',
    'US',
    '350 5th Ave, New York, NY 10118',
    '350 Fifth Avenue, New York, NY 10118',
    '350 5 Ave, New York, NY 10118',
  ],
  [
    'us|62701 sprngfld|12|13 st|',
    'US',
    '12 13th St, Springfield, IL 62701',
    '12 Thirteenth Street, Springfield, IL 62701',
  ],
  [
    'us|10036 nv ark|350|w 42 st|f3',
    'US',
    '350 W 42nd St Fl 3, New York, NY 10036',
    '350 West 42 Street, 3rd Floor, New York, NY 10036',
    '350 W 42nd St, third floor, New York NY 10036',
  ],
  [
    'us|33101 m|pobox123||',
    'US',
    'PO Box 123, Miami, FL 33101',
    'P.O. Box 123 Miami FL 33101',
    'Post Office Box 123, Miami, Florida 33101',
    'P. O. Box No. 123, Miami FL 33101',
    'POB 123, Miami FL 33101',
  ],
  [
    'us|62701 sprngfld|12345|elm dr|',
    'US',
    '12345 Elm Dr, Springfield, IL 62701',
    '12345 Elm Drive, Springfield, IL 62701',
  ],
  ['us|il sprngfld|12345|elm dr|', 'US', '12345 Elm Dr, Springfield, IL', '12345 Elm Drive Springfield Illinois'],
  [
    'us|62701 sprngfld|12-1/2|oak ln|',
    'US',
    '12 1/2 Oak Ln, Springfield, IL 62701',
    '12½ Oak Lane, Springfield, IL 62701',
  ],
  ['us|62701 sprngfld|12|a st|', 'US', '12 A Street, Springfield, IL 62701', '12 A St, Springfield, IL 62701'],
  [
    'us|62701 sprngfld|12a|oak st|',
    'US',
    '12-A Oak St, Springfield, IL 62701',
    '12A Oak St, Springfield, IL 62701',
    '12 a Oak St, Springfield, IL 62701',
  ],
  [
    'us|62701 sprngfld|5|oconnell ct|',
    'US',
    "5 O'Connell Ct, Springfield, IL 62701",
    '5 OConnell Court, Springfield, IL 62701',
    '5 O’Connell Ct., Springfield, IL 62701',
  ],
  [
    'gb|ls14ab lds|14|high st|2',
    'GB',
    'Flat 2, 14 High Street, Leeds, LS1 4AB',
    '14 High St, Flat 2, Leeds LS14AB',
    'Flat 2 14 High St Leeds LS1 4AB',
    'flat 2, 14, high street, leeds ls1 4ab, United Kingdom',
  ],
  [
    'gb|ls14ab lds|14|high st|',
    null,
    '14 High Street, Leeds, LS1 4AB',
    '14 High St, Leeds LS1 4AB, England',
    '14 High St., Leeds ls14ab, GB',
  ],
  [
    'de|10115 brln|5|muster str|',
    'DE',
    'Musterstraße 5, 10115 Berlin',
    'Musterstr. 5, 10115 Berlin',
    'Muster Straße 5, D-10115 Berlin',
    'Muster-Str. 5\n10115 Berlin\nDeutschland',
    'MUSTERSTRASSE 5 10115 BERLIN',
    '10115 Berlin, Musterstr. 5',
    'Musterstraße Nr. 5, 10115 Berlin',
  ],
  [
    'de|50667 kln|12a|muller weg|',
    'DE',
    'Müllerweg 12 a, 50667 Köln',
    'Muellerweg 12a, 50667 Koeln',
    'Mullerweg 12A, 50667 Koln',
    'Müller Weg 12 A, 50667 Köln',
  ],
  [
    'de|10115 brln|12-14|karl muster str|',
    'DE',
    'Karl-Muster-Straße 12-14, 10115 Berlin',
    'Karl Muster Str. 12 – 14, 10115 Berlin',
  ],
  ['de|10115 brln|pobox101112||', 'DE', 'Postfach 10 11 12, 10115 Berlin', 'Postfach 101112, 10115 Berlin'],
  [
    'de|10623 brln|135|str 17 juni|',
    'DE',
    'Straße des 17. Juni 135, 10623 Berlin',
    'Str. des 17. Juni 135, 10623 Berlin',
  ],
  [
    'at|1010 vn|5|muster gasse|12',
    'AT',
    'Mustergasse 5/12, 1010 Wien',
    'Mustergasse 5 Top 12, 1010 Wien',
    'A-1010 Wien, Mustergasse 5/12',
    'Mustergasse 5, Tür 12, 1010 Wien',
  ],
  ['ch|8001 srk|1|bahnhof str|', 'CH', 'Bahnhofstrasse 1, 8001 Zürich', 'Bahnhofstr. 1, CH-8001 Zuerich'],
  [
    'fr|75002 prs|12|rue paix|',
    'FR',
    '12 rue de la Paix, 75002 Paris',
    '12, Rue de la Paix 75002 PARIS',
    '12 R. de la Paix, 75 002 Paris',
    '12 rue la Paix, F-75002 Paris, France',
  ],
  [
    'fr|69001 ln|10bis|ave eglise|',
    'FR',
    '10 bis avenue de l’Église, 69001 Lyon',
    "10bis av. de l'Eglise, 69001 Lyon",
    '10 Bis Av Eglise 69001 Lyon',
  ],
  ['fr|69001 ln|pobox45||', 'FR', 'BP 45, 69001 Lyon', 'B.P. 45 69001 Lyon'],
  [
    'es|28013 mdrd|5|calle mayor|b f3',
    'ES',
    'Calle Mayor 5, 3º B, 28013 Madrid',
    'C/ Mayor, 5, 3ºB, 28013 Madrid',
    'c. mayor nº 5 piso 3 puerta B 28013 Madrid',
  ],
  [
    'es|41001 svl|20|ave constitucion|',
    'ES',
    'Avda. de la Constitución 20, 41001 Sevilla',
    'Avenida Constitucion, 20, 41001 Sevilla',
  ],
  [
    'it|00184 rm|12|via roma|',
    'IT',
    'Via Roma 12, 00184 Roma',
    'Via Roma, 12, 00184 Roma RM',
    'via roma n. 12 - 00184 Roma',
    'V. Roma 12, I-00184 Roma, Italia',
  ],
  [
    'it|20121 mln|3|plaza unita|7',
    'IT',
    "Piazza dell'Unità 3 int. 7, 20121 Milano",
    'P.za Unita, 3, interno 7, 20121 Milano',
  ],
  [
    'nl|1012ab amstrdm|12a||',
    'NL',
    'Hoofdstraat 12 A, 1012 AB Amsterdam',
    'Hoofdstr. 12-a, 1012AB Amsterdam',
    'Hoofd straat 12a 1012 ab Amsterdam',
    'Hofdstraat 12a, 1012 AB Amsterdam',
  ],
  [
    'pl|00001 vrsv|12|dluga|4',
    'PL',
    'ul. Długa 12 m. 4, 00-001 Warszawa',
    'Dluga 12/4, 00-001 Warszawa',
    'ulica Długa 12 lok. 4, 00001 Warszawa',
  ],
  [
    'pt|1100148 lsb|100|rue augusta|dto f3',
    'PT',
    'Rua Augusta 100, 3º Dto, 1100-148 Lisboa',
    'R. Augusta, 100 - 3.º Dto., 1100-148 Lisboa',
  ],
  [
    'se|11122 stklm|5|stor gasse|',
    'SE',
    'Storgatan 5, 111 22 Stockholm',
    'Stor gatan 5, SE-111 22 Stockholm',
    'STORGATAN 5 11122 Stockholm',
  ],
  [
    'dk|1165 kbnvn k|5|norre gasse|tv f2',
    'DK',
    'Nørregade 5, 2. tv, 1165 København K',
    'Noerregade 5 2. tv., DK-1165 Kobenhavn K',
  ],
  [
    'au|6000 prt|12|smith st|4',
    'AU',
    '4/12 Smith St, Perth WA 6000',
    'Unit 4, 12 Smith Street, Perth WA 6000',
    'U4 12 Smith St, Perth, Western Australia 6000',
    'Unit 4/12 Smith St, Perth WA 6000',
  ],
  [
    'ca|h2x1y4 mntrl|100|rue king|5',
    'CA',
    '100 Rue King Apt 5, Montréal QC H2X 1Y4',
    '100 rue King #5, Montreal, Quebec h2x1y4',
  ],
  [
    'br|01310100 s pl|123|rue flores|45',
    'BR',
    'Rua das Flores 123 apto 45, São Paulo - SP, 01310-100',
    'R. Flores, 123, ap. 45, Sao Paulo SP 01310100',
  ],
  ['co|110111 bgt|45-12|calle 12|', 'CO', 'Calle 12 # 45-12, Bogotá, 110111', 'Cl. 12 No. 45-12 Bogota 110111'],
  [
    'mx|06000 sd de|12|ave juarez|3',
    'MX',
    'Av. Juárez #12 int. 3, 06000 Ciudad de México',
    'Avenida Juarez 12, Interior 3, 06000 Ciudad de Mexico',
  ],
  [
    'ru|170100 тверь|5|ленина|12',
    'RU',
    'ул. Ленина, д. 5, кв. 12, Тверь, 170100',
    'улица Ленина, дом 5, квартира 12, 170100 Тверь',
  ],
  [
    'sg|560123 sg|123|ang mo kio ave 3|4-56',
    'SG',
    'Blk 123 Ang Mo Kio Ave 3 #04-56, Singapore 560123',
    '123 Ang Mo Kio Avenue 3, #04-56, Singapore 560123',
  ],
  [
    'jp|1000001|1-2-3|千代田区千代田|',
    'JP',
    '東京都千代田区千代田1丁目2番3号 100-0001',
    '〒100-0001 東京都千代田区千代田1-2-3',
    '〒100-0001 千代田区千代田1-2-3',
    '100-0001 千代田区千代田一丁目二番三号',
  ],
  [
    'cn|深圳南山|1|科技园路|2-3-401',
    'CN',
    '广东省深圳市南山区科技园路1号2栋3单元401室',
    '深圳市南山区科技园路1号2栋3单元401',
    '廣東省深圳市南山區科技園路１號２棟３單元４０１室',
    '中国广东深圳市南山区科技园路一号二栋三单元四〇一室 518000',
    '广东省 深圳市 南山区 科技园路1号 2-3-401',
    '深圳市南山区科技园路1号2栋3单元4楼401室',
    '518000 深圳市南山区科技园路1号2号楼3单元401室',
    '深圳南山区科技园路1号2栋3单元401',
  ],
  [
    'cn|北京朝阳|88|建国路|',
    'CN',
    '北京市朝阳区建国路88号',
    '北京市北京市朝阳区建国路88号',
    '北京朝阳区建国路88号',
    '北京朝阳区建国路88',
  ],
  ['cn|上海徐汇|12|漕溪路155弄|401', 'CN', '上海市徐汇区漕溪路155弄12号401室', '上海徐汇区漕溪路155弄12号401'],
  [
    'tw|台北信义|7|松仁路|f3-2',
    'TW',
    '台北市信義區松仁路7號3樓之2',
    '臺北市信義區松仁路7號3樓-2',
    '110台北市信义区松仁路七号三楼之2',
  ],
  ['cn|南京玄武|b2|阳光小区|401', 'CN', '南京市玄武区阳光小区2栋401室', '南京玄武区阳光小区二栋四零一室'],
  ['it|10010 brl|12bis|via roma|', 'IT', 'Via Roma 12 bis, 10010 Burolo TO', 'Via Roma, 12bis, Burolo, TO 10010'],
  ['it|00184 rm|12|via roma|', 'IT', 'Via Roma 12, 00184 Roma', 'Via Roma, 12, Roma, RM 00184'],
]

/** What two addresses have in common, and how many of the near keys of the first (of six) are the other's. */
const pairs: [region: string | null, one: string, relation: Relation, near: number, other: string][] = [
  // house numbers are never dropped
  ['US', '12 Main St, Springfield, IL 62701', 'apart', 0, '21 Main St, Springfield, IL 62701'],
  ['US', '12 Main St, Springfield, IL 62701', 'apart', 0, '112 Main St, Springfield, IL 62701'],
  ['US', '12345 Elm Dr, Springfield, IL', 'apart', 0, '12346 Elm Dr, Springfield, IL'],
  ['US', '1 2nd St, Springfield, IL 62701', 'apart', 0, '12 2nd St, Springfield, IL 62701'],
  ['DE', 'Musterstr. 5, 10115 Berlin', 'apart', 0, 'Musterstr. 6, 10115 Berlin'],
  ['CN', '深圳市南山区科技园路12号', 'apart', 0, '深圳市南山区科技园路21号'],
  ['CN', '深圳市南山区科技园路十二号', 'apart', 0, '深圳市南山区科技园路二十一号'],
  ['US', '12 Main St, Springfield, IL 62701', 'near', 1, '12A Main St, Springfield, IL 62701'],
  ['DE', 'Musterstr. 12-14, 10115 Berlin', 'near', 1, 'Musterstr. 12, 10115 Berlin'],
  // the customers of one warehouse share one near key
  ['US', '12 Depot Rd Ste 100, Springfield, IL 62701', 'near', 1, '12 Depot Rd Ste 200, Springfield, IL 62701'],
  ['US', '12 Depot Rd Apt 4, Springfield, IL 62701', 'near', 1, '12 Depot Rd Apt 5, Springfield, IL 62701'],
  ['US', '12 Depot Rd # A1, Springfield, IL 62701', 'near', 1, '12 Depot Rd # A2, Springfield, IL 62701'],
  ['US', '12 Depot Rd Apt 4, Springfield, IL 62701', 'near', 1, '12 Depot Rd, Springfield, IL 62701'],
  ['US', '12 Depot Rd Apt 12E, Springfield, IL 62701', 'near', 1, '12 Depot Rd Apt 12, Springfield, IL 62701'],
  ['GB', 'Flat 2, 14 High Street, Leeds, LS1 4AB', 'near', 1, 'Flat 3, 14 High Street, Leeds, LS1 4AB'],
  ['PL', 'Długa 12/4, 00-001 Warszawa', 'near', 1, 'Długa 12/5, 00-001 Warszawa'],
  ['ES', 'Calle Mayor 5, 3º B, 28013 Madrid', 'near', 1, 'Calle Mayor 5, 3º A, 28013 Madrid'],
  ['CN', '深圳市南山区科技园路1号2栋3单元401室', 'near', 1, '深圳市南山区科技园路1号2栋3单元402室'],
  ['CN', '深圳市南山区科技园路1号2栋3单元401室', 'near', 1, '深圳市南山区科技园路1号2栋4单元401室'],
  ['US', '12 Depot Rd Ste AB12345, Springfield, IL 62701', 'near', 1, '12 Depot Rd Ste AB12346, Springfield, IL 62701'],
  ['US', '12 Depot Rd #AB-12345, Springfield, IL 62701', 'near', 1, '12 Depot Rd #AB-12346, Springfield, IL 62701'],
  ['US', '12 Depot Rd, AB12345, Springfield, IL 62701', 'near', 1, '12 Depot Rd, AB12346, Springfield, IL 62701'],
  // 4/12 is a unit first in Australia, last in Poland
  ['AU', '4/12 Smith St, Perth WA 6000', 'apart', 0, '12/4 Smith St, Perth WA 6000'],
  // boxes
  ['US', 'PO Box 12, Springfield, IL 62701', 'apart', 0, '12 Main St, Springfield, IL 62701'],
  ['US', 'PO Box 12, Springfield, IL 62701', 'apart', 0, 'PO Box 21, Springfield, IL 62701'],
  // one difference forgiven
  ['US', '12 Main St, Springfield, IL 62701', 'near', 3, '12 Main St, Springfield, IL'],
  ['US', '12 Main St, Springfield, IL 62701', 'near', 3, '12 Main St, Springfield, IL 62710'],
  ['US', '12 Maple St, Springfield, IL 62701', 'near', 5, '12 Mapel St, Springfield, IL 62701'],
  ['US', '12 Phillips St, Springfield, IL 62701', 'near', 5, '12 Filips St, Springfield, IL 62701'],
  ['US', '12 Maple Leaf St, Springfield, IL 62701', 'near', 2, '12 Mapleleaf St, Springfield, IL 62701'],
  ['FR', 'Müllerstr. 5, 10115 Berlin, Italy', 'near', 5, 'Muellerstr. 5, 10115 Berlin, Italy'],
  ['CN', '深圳市科技园路1号', 'near', 3, '深圳市南山区科技园路1号'],
  // neighbouring streets and towns
  ['US', '12 Main St, Springfield, IL 62701', 'near', 3, '12 Main Ave, Springfield, IL 62701'],
  ['US', '12 N Main St, Springfield, IL 62701', 'near', 3, '12 S Main St, Springfield, IL 62701'],
  ['US', '12 Main St, Springfield, IL 62701', 'apart', 0, '12 Main St, Springfield, MA 01103'],
  ['US', '12 Main St, Springfield, IL', 'apart', 0, '12 Main St, Springfield, MA'],
  ['US', '350 5th Ave, New York, NY 10118', 'near', 1, '350 6th Ave, New York, NY 10118'],
  ['DE', 'Musterstr. 5, 10115 Berlin', 'near', 3, 'Musterweg 5, 10115 Berlin'],
  ['NL', 'Hoofdstraat 12, 1012 AB Amsterdam', 'near', 3, 'Hoofdstraat 12, 1012 AC Amsterdam'],
  ['CN', '深圳市南山区中山一路1号', 'near', 1, '深圳市南山区中山二路1号'],
  ['CN', '深圳市南山区科技园路1号', 'near', 3, '深圳市福田区科技园路1号'],
  ['CN', '深圳市南山区科技园路1号', 'apart', 0, '广州市天河区科技园路1号'],
  ['CN', '深圳市南山区科技园路1号楼401', 'apart', 0, '深圳市南山区科技园路1号401'],
  // units that were written in a way of their own
  ['GB', '5 Rose House, 10 High Street, Leeds LS1 4AB', 'near', 1, '6 Rose House, 10 High Street, Leeds LS1 4AB'],
  ['US', '12 Main St, 4B, Springfield, IL 62701', 'near', 1, '12 Main St, 4C, Springfield, IL 62701'],
  ['US', '12 Main St Apt 4 C, Springfield, IL 62701', 'near', 1, '12 Main St Apt 4 D, Springfield, IL 62701'],
  ['US', '12 Main St, Tower One, Springfield, IL 62701', 'near', 3, '12 Main St, Tower Two, Springfield, IL 62701'],
  ['US', 'Tower One, 12 Main St, Springfield, IL 62701', 'near', 6, 'Tower Two, 12 Main St, Springfield, IL 62701'],
  ['US', '12 Main St Apt 3 Unit 4, Springfield, IL 62701', 'near', 1, '12 Main St Apt 4 Unit 3, Springfield, IL 62701'],
  ['US', '12 Main St, AB-12345-X, Springfield, IL 62701', 'near', 1, '12 Main St, AB-12346-X, Springfield, IL 62701'],
  ['US', '12 Main St, ABCDE123, Springfield, IL 62701', 'near', 1, '12 Main St, ABCDE124, Springfield, IL 62701'],
  ['US', '12 Main St, A12345, Springfield, IL 62701', 'near', 1, '12 Main St, A12346, Springfield, IL 62701'],
  ['US', '12 Main St A12345 Springfield, IL 62701', 'near', 1, '12 Main St A12346 Springfield, IL 62701'],
  ['NL', 'Hoofdstraat 12 3, 1012 AB Amsterdam', 'near', 2, 'Hoofdstraat 3, 1012 AB Amsterdam'],
  ['NL', 'Hoofdstraat 12 bis A, 1012 AB Amsterdam', 'near', 3, 'Hoofdstraat 12 bis B, 1012 AB Amsterdam'],
  ['NL', 'Hoofdstraat 12, links, 1012 AB', 'near', 3, 'Hoofdstraat 12, rechts, 1012 AB'],
  [
    'KR',
    '서울특별시 강남구 테헤란로 152, 101동 1203호, 06236',
    'near',
    1,
    '서울특별시 강남구 테헤란로 152, 102동 1203호, 06236',
  ],
  [
    'KR',
    '서울특별시 강남구 테헤란로 152 101동 1203호 06236',
    'near',
    1,
    '서울특별시 강남구 테헤란로 152 102동 1203호 06236',
  ],
  ['NO', 'Storgata 5, H0201, 0150 Oslo', 'near', 1, 'Storgata 5, H0202, 0150 Oslo'],
  ['NO', 'Storgata 5 H0201, 0150 Oslo', 'near', 1, 'Storgata 5 H0202, 0150 Oslo'],
  ['AE', 'Villa 5, Street 12, Dubai', 'near', 1, 'Villa 6, Street 12, Dubai'],
  ['ES', 'Calle Mayor 5, bajo A, 28013 Madrid', 'near', 3, 'Calle Mayor 5, bajo B, 28013 Madrid'],
  ['ES', 'Calle Mayor 5 bajo A, 28013 Madrid', 'near', 3, 'Calle Mayor 5 bajo B, 28013 Madrid'],
  ['DE', 'Musterstr. 5, 2. OG links, 10115 Berlin', 'near', 3, 'Musterstr. 5, 2. OG rechts, 10115 Berlin'],
  ['RU', 'ул. Ленина, 5, корп. 2, 170100 Тверь', 'near', 1, 'ул. Ленина, 5, стр. 2, 170100 Тверь'],
  ['RU', 'ул. Ленина, 5, корп. 2, 170100 Тверь', 'near', 1, 'ул. Ленина, 5, подъезд 2, 170100 Тверь'],
  ['GB', 'Entrance 2, 14 High Street, Leeds LS1 4AB', 'near', 1, 'Block 2, 14 High Street, Leeds LS1 4AB'],
  ['DE', 'Musterstr. 5, EG, 10115 Berlin', 'near', 3, 'Musterstr. 5, DG, 10115 Berlin'],
  ['DE', 'Musterstr. 5 EG, 10115 Berlin', 'near', 3, 'Musterstr. 5 DG, 10115 Berlin'],
  ['FR', '12 rue des Lilas, 3ème gauche, 75002 Paris', 'near', 3, '12 rue des Lilas, 3ème droite, 75002 Paris'],
  ['CN', '深圳市南山区科技园路1号东座401', 'near', 1, '深圳市南山区科技园路1号西座401'],
  ['CN', '深圳市南山区科技园路1号甲栋401', 'near', 1, '深圳市南山区科技园路1号乙栋401'],
  ['CN', '深圳市南山区科技园路1号之一', 'near', 1, '深圳市南山区科技园路1号之二'],
  ['CN', '深圳市南山区科技园路1号之一', 'near', 1, '深圳市南山区科技园路1号'],
  ['CN', '深圳市南山区科技园路1号负1楼', 'near', 1, '深圳市南山区科技园路1号1楼'],
  ['CN', '深圳市南山区科技园路1号阳光花园2栋', 'near', 6, '深圳市南山区科技园路1号月亮花园2栋'],
  ['CN', '深圳市南山区科技园路1号2期3栋', 'near', 1, '深圳市南山区科技园路1号2栋3单元'],
  ['CN', '深圳市南山区科技园路1号1楼12室', 'near', 1, '深圳市南山区科技园路1号12室'],
  ['CN', '义乌市稠江街道江湾路1号', 'near', 5, '义乌市江东街道江湾路1号'],
  // several towns under one postcode, and none
  ['IT', 'Via Roma 12, 10010 Burolo', 'near', 3, 'Via Roma 12, 10010 Samone'],
  ['FR', '12 rue des Lilas, 24380 Vergt', 'near', 3, '12 rue des Lilas, 24380 Lacropte'],
  ['DE', 'Dorfstraße 5, 17268 Templin', 'near', 3, 'Dorfstraße 5, 17268 Boitzenburg'],
  ['AU', '12 Smith St, Richmond VIC 3121', 'near', 3, '12 Smith St, Cremorne VIC 3121'],
  ['US', '12 Main St, Springfield, IL 62701', 'near', 3, '12 Main St, 62701'],
  // numbers behind names in Japan, sections in Taiwan, lanes in Thailand
  ['JP', '東京都渋谷区神宮前一丁目二番三号 150-0001', 'near', 1, '東京都渋谷区神宮前一丁目五番六号 150-0001'],
  ['JP', '東京都渋谷区神宮前1-2-3 コーポA101 150-0001', 'apart', 0, '東京都渋谷区神宮前3-2-1 コーポA101 150-0001'],
  ['TW', 'No. 7, Sec. 1, Zhongshan N. Rd., Taipei 104', 'near', 1, 'No. 7, Sec. 1, Nanjing E. Rd., Taipei 104'],
  [
    'TW',
    '7F.-2, No. 7, Sec. 1, Zhongshan N. Rd., Taipei 104',
    'apart',
    0,
    '7F.-2, No. 99, Sec. 3, Nanjing E. Rd., Taipei 104',
  ],
  ['TH', '12 Sukhumvit Rd, Soi 21, Bangkok 10110', 'near', 1, '12 Sukhumvit Rd, Soi 22, Bangkok 10110'],
  // words of streets in another order
  ['US', '100 W 200 S, Salt Lake City, UT 84101', 'near', 6, '100 S 200 W, Salt Lake City, UT 84101'],
  ['US', '12 W North St, Springfield, IL 62701', 'near', 3, '12 N West St, Springfield, IL 62701'],
  ['US', '12 S West St, Springfield, IL 62701', 'near', 3, '12 W South St, Springfield, IL 62701'],
  ['US', '500 E 4th N, Logan, UT 84321', 'near', 6, '500 N 4th E, Logan, UT 84321'],
  ['ES', 'Calle Mayor, 5, 1, 3, 28013 Madrid', 'near', 5, 'Calle Mayor, 1, 5, 3, 28013 Madrid'],
  [
    'BR',
    'Rua 3 Quadra 5 Casa 7, Brasília - DF, 70000-000',
    'near',
    5,
    'Rua 5 Quadra 3 Casa 7, Brasília - DF, 70000-000',
  ],
  // fractions
  ['US', '5 1/4 Oak St, Springfield, IL 62701', 'near', 1, '5 3/4 Oak St, Springfield, IL 62701'],
  ['US', '5 1/4 Oak St, Springfield, IL 62701', 'near', 1, '5½ Oak St, Springfield, IL 62701'],
  // boxes of several kinds
  ['DE', 'Packstation 123, 12345678, 10115 Berlin', 'near', 1, 'Packstation 123, 87654321, 10115 Berlin'],
  ['DE', '12345678, Packstation 123, 10115 Berlin', 'near', 1, '87654321, Packstation 123, 10115 Berlin'],
  ['DE', 'Packstation 123, 10115 Berlin', 'apart', 0, 'Postfach 123, 10115 Berlin'],
  ['AU', 'GPO Box 12, Sydney NSW 2001', 'apart', 0, 'PO Box 12, Sydney NSW 2001'],
  ['AU', 'Locked Bag 12, Sydney NSW 2001', 'apart', 0, 'PO Box 12, Sydney NSW 2001'],
  ['AU', 'Locked Bag 12, Sydney NSW 2001', 'apart', 0, 'Private Bag 12, Sydney NSW 2001'],
  // words that are alike in another language
  ['US', '12 Rose Place, Springfield, IL 62701', 'near', 3, '12 Rose Plaza, Springfield, IL 62701'],
  ['US', '12 Rose Crescent, Springfield, IL 62701', 'near', 5, '12 Rose Carrera, Springfield, IL 62701'],
  ['US', '12 C St, Springfield, IL 62701', 'near', 3, '12 Close St, Springfield, IL 62701'],
  ['US', '12 E St, Springfield, IL 62701', 'near', 3, '12 East St, Springfield, IL 62701'],
  ['IT', 'Via Roma 12, 00184 Roma', 'near', 3, 'Vicolo Roma 12, 00184 Roma'],
  ['US', '12 Van Dam St, New York, NY 10013', 'near', 1, '12 Dam St, New York, NY 10013'],
  ['DE', 'Zur Mühle 5, 10115 Berlin', 'near', 2, 'Zum Mühle 5, 10115 Berlin'],
  ['IT', 'Via Roma 12 bis, 00184 Roma', 'near', 1, 'Via Roma 12, 00184 Roma'],
  ['GB', '5 Grove Park, London SE5 8LB', 'near', 6, '5 Park Grove, London SE5 8LB'],
  ['ES', 'Pasaje Mayor 5, 28013 Madrid', 'near', 5, 'Paseo Mayor 5, 28013 Madrid'],
  ['HU', 'Petőfi utca 5, 1051 Budapest', 'near', 3, 'Petőfi út 5, 1051 Budapest'],
  // what else stands beside
  ['US', 'Studio 54 LLC, 12 Main St, Springfield, IL 62701', 'near', 6, '12 Main St Apt 54, Springfield, IL 62701'],
  ['US', 'PO Box 12, 14 Main St, Springfield, IL 62701', 'near', 1, 'PO Box 12, Springfield, IL 62701'],
  ['US', '12 Main St Fl 1 Level 2, Springfield, IL 62701', 'near', 1, '12 Main St Fl 2 Level 1, Springfield, IL 62701'],
  // what may be a name as well as a building, and what else was not understood
  ['US', 'Ada Moss\n12 Main St\nSpringfield, IL 62701', 'near', 6, '12 Main St, Springfield, IL 62701'],
  [
    'GB',
    'The Old Mill, Flat 2, 14 High Street, Leeds, LS1 4AB, UK',
    'near',
    6,
    'Flat 2, 14 High Street, Leeds, LS1 4AB',
  ],
  ['DE', 'Frau Ada Moos, Musterstr. 5, 10115 Berlin, Germany', 'near', 6, 'Musterstr. 5, 10115 Berlin'],
  ['US', 'Acme Depot, Dock 3, 12 Main St, Springfield, IL 62701', 'near', 1, '12 Main St, Springfield, IL 62701'],
  ['GB', 'Rose Cottage, Mill Lane, Leeds, LS1 4AB', 'near', 5, 'ROSE COTTAGE, Mill Ln, Leeds LS1 4AB'],
  ['FR', 'Lieu-dit Le Bourg, 24000 Périgueux', 'near', 5, 'Lieu dit le Bourg, 24000 Perigueux'],
  ['CA', '100 Rue King Apt 5, Montréal QC H2X 1Y4', 'near', 6, '100 King rue #5, Montreal, Quebec h2x1y4'],
  ['MX', 'Av. Juárez #12 int. 3, 06000 Ciudad de México', 'near', 3, 'Avenida Juarez 12, Interior 3, 06000 CDMX'],
  ['CN', '深圳市南山区科技园路1号2栋3单元401室', 'near', 6, '深圳市南山区粤海街道科技园路1号阳光花园2栋3单元4楼401室'],
  ['DE', 'Hauptstr. 5 Tel. 555 123, 10115 Berlin', 'apart', 0, 'Hauptstr. 5, 10115 Berlin'],
  // words and blanks alone
  ['US', '12 Main St.,  Springfield; IL 62701', 'exact', 0, '12 MAIN ST\nSpringfield\nIL 62701'],
]

/** Countries and postcodes that are easily taken for something else. */
const read: [region: string | null, written: string, canonical: string][] = [
  [null, '12 Main St, Toronto, ON M5V 2T6, CA', 'ca|m5v2t6 trnt|12|main st|'],
  [null, '12 Main St, Los Angeles, CA 90001', 'us|90001 ls angls|12|main st|'],
  ['US', '12 Main St, Los Angeles 90001, CA', 'us|90001 ls angls|12|main st|'],
  ['US', '12 Main St N Springfield IL', 'us|il sprngfld|12|main st n|'],
  ['US', '12 Main St, Gary, IN', 'us|in gr|12|main st|'],
  ['FR', 'Musterstr. 5, 10115 Berlin, DE', 'de|10115 brln|5|muster str|'],
  [null, 'Musterstr. 5, D-10115 Berlin', 'de|10115 brln|5|muster str|'],
  ['FR', '12 rue de France, 06000 Nice', 'fr|06000 ns|12|rue france|'],
  ['IE', '5 Canada Street, Dublin, D02 X285', 'ie|d02x285 dbln|5||'],
  ['AT', '1010 Wien, Hauptstrasse 1234', 'at|1010 vn|1234|haupt str|'],
  ['AU', '1234 Smith Rd, Perth WA', 'au|wa prt|1234|smith rd|'],
  ['AU', '1234 Smith Rd, Perth WA 6000', 'au|6000 prt|1234|smith rd|'],
  ['US', '12 St James St, Springfield IL 62701', 'us|62701 sprngfld|12|st james st|'],
  ['US', '12 E St, Springfield, IL 62701', 'us|62701 sprngfld|12|e st|'],
  ['US', '12 Main St Apt B, Springfield, IL 62701', 'us|62701 sprngfld|12|main st|b'],
  ['US', '12 Main St, Bldg 3 Apt 4, Springfield, IL 62701', 'us|62701 sprngfld|12|main st|4 b3'],
  ['DE', 'Packstation 123, 10115 Berlin', 'de|10115 brln|packstationbox123||'],
  ['SE', 'Box 123, 111 22 Stockholm', 'se|11122 stklm|pobox123||'],
  ['AT', 'Mustergasse 5, Stiege 2, Top 12, 1010 Wien', 'at|1010 vn|5|muster gasse|12 s2'],
  ['FI', 'Mannerheimintie 5 A 12, 00100 Helsinki', 'fi|00100 hlsnk|5|mannerheimin tie|12 sa'],
  ['TR', 'Atatürk Caddesi No:5 D:3, 34110 İstanbul', 'tr|34110 astnbl|5|ataturk cad|3'],
  ['RO', 'Bulevardul Unirii 5, bl. 3, sc. A, ap. 12, 030167 București', 'ro|030167 bkrst|5|blvd unirii|12 b3 sa'],
  ['RU', 'г. Тверь, ул. Ленина, 5, корп. 2, кв. 7, 170100', 'ru|170100 г тверь|5|ленина|7 b2'],
  ['IT', 'Via 4 Novembre 12, 00184 Roma', 'it|00184 rm|12|via 4 novembre|'],
  ['FR', '12 place du 8 mai 1945, 69001 Lyon', 'fr|69001 ln|12|pl 8 mai 1945|'],
  ['MX', 'Calle 5 de Mayo 12, 06000 Ciudad de México', 'mx|06000 sd de|12|calle 5 mayo|'],
  ['BE', 'Wetstraat 1 bus 3, 1000 Brussel', 'be|1000 brsl|1|wet str|3'],
  ['US', '12 State Route 5, Springfield, IL 62701', 'us|62701 sprngfld|12|state rte 5|'],
  ['US', '12 Flat Rock Rd, Springfield, IL 62701', 'us|62701 sprngfld|12|flat rock rd|'],
  ['US', '12 Depot Rd, AB12345, Springfield, IL 62701', 'us|62701 sprngfld|12|depot rd|ab12345'],
  ['US', '12 Depot Rd Suite AB-12345, Springfield, IL 62701', 'us|62701 sprngfld|12|depot rd|ab12345'],
  ['HK', 'Rm 1203, 12/F, Harbour Tower, 1 Queens Road, Hong Kong', 'hk|hrbr tvr|1|queens rd|1203 f12'],
  ['CZ', 'Dlouhá 123/4, 110 00 Praha', 'cz|11000 pr|123/4|dlouha|'],
  ['HU', 'Petőfi utca 5, 1051 Budapest', 'hu|1051 bdpst|5|petofi utca|'],
  ['KR', '서울특별시 강남구 테헤란로 152, 06236', 'kr|06236|152|서울특별시 강남구 테헤란로|'],
  ['JP', '〒530-0001 大阪府大阪市北区梅田一丁目2番3号 405号室', 'jp|5300001|1-2-3|大阪市北区梅田|405'],
  ['IN', 'Plot No. 12, Lake Road, Pune 411 001', 'in|411001 pn|12|lake rd|'],
  [null, '香港九龍彌敦道1號10樓A室', 'hk|香港|1|九龙弥敦道|f10-a'],
  ['CN', '景德镇市昌江区陶阳路12号', 'cn|景德镇昌江|12|陶阳路|'],
  ['CN', '内蒙古自治区呼和浩特市新城区中山东路1号', 'cn|呼和浩特新城|1|中山东路|'],
  ['CN', '浙江省杭州市西湖区文三路 12 号 3 幢 2 单元 501', 'cn|杭州西湖|12|文3路|3-2-501'],
  ['CN', '广东省深圳市南山区科技路88 2栋', 'cn|深圳南山|88|科技路|2'],
  ['CN', '南京市阳光小区2栋401室', 'cn|南京|b2|阳光小区|401'],
  ['CN', '江苏省苏州市昆山市前进路100号', 'cn|苏州昆山|100|前进路|'],
  ['CN', '收件人 张三 13800000000，北京市海淀区中关村路1号院2号楼3单元401', 'cn|北京海淀|1|中关村路|2-3-401'],
]

const unfit: [region: string | null, written: string][] = [
  ['US', ''],
  ['US', 'Springfield'],
  ['US', 'Main Street, Springfield'],
  ['US', 'n/a'],
  [null, 'hello world'],
  ['CN', '深圳市南山区科技园'],
  ['CN', '中国'],
  ['US', ',,,;;;\n\n'],
  ['US', '12 Main St'],
  ['GB', '12 Main St'],
  ['US', '12345'],
  ['DE', '12345'],
  ['FR', '75001 Paris'],
  [null, '10115 Berlin, Germany'],
  [null, 'Singapore 018956'],
  ['CN', '台湾路12号'],
  ['CN', '科技园路1号'],
]

/** Fit, as there is a number and a town or postcode, but it may be several places. */
const incomplete: [region: string | null, written: string][] = [
  ['US', '12 Main St, Springfield'],
  ['US', '12 Main St Springfield'],
  ['US', '12 Main St, 62701'],
  ['AT', 'Hauptstrasse 1234, Wien'],
  ['GB', '14 High Street, Leeds'],
  ['GB', 'Rose Cottage, Mill Lane, Leeds, LS1 4AB'],
  ['GB', 'Ada Moss, Rose Cottage, Mill Lane, Leeds, LS1 4AB'],
  ['FR', 'Lieu-dit Le Bourg, 24000 Périgueux'],
  [null, '12 Main St, Springfield, 12345'],
  ['JP', '渋谷区神宮前1-2-3'],
  ['CN', '朝阳区建国路88号'],
]

for (const [canonical, region, ...spellings] of same) {
  for (const written of spellings) {
    test(`${JSON.stringify(written)} in ${region} is ${canonical}`, () => {
      assert.deepEqual(keysOf(normaliseAddress(written, { region }), 'canonical'), [`canonical/${canonical}`])
    })
  }
}

for (const [region, one, expected, near, other] of pairs) {
  test(`${JSON.stringify(one)} and ${JSON.stringify(other)}: ${expected}`, () => {
    const [first, second] = [one, other].map((written) => normaliseAddress(written, { region }))
    assert.equal(relation(first!, second!), expected)
    if (expected === 'exact') return
    const theirs = keysOf(second!, 'near')
    assert.equal(keysOf(first!, 'near').filter((key) => theirs.includes(key)).length, near)
  })
}

for (const [region, written, canonical] of read) {
  test(`${JSON.stringify(written)} in ${region} reads as ${canonical}`, () => {
    assert.deepEqual(keysOf(normaliseAddress(written, { region }), 'canonical'), [`canonical/${canonical}`])
  })
}

for (const [region, written] of unfit) {
  test(`${JSON.stringify(written)} in ${region} is not one place`, () => {
    assert.deepEqual(normaliseAddress(written, { region }), {
      kind: 'unfit',
      why: 'This is not one place; send the house number and street, or the PO box, with the postcode, the town and the country.',
    })
  })
}

for (const [region, written] of incomplete) {
  test(`${JSON.stringify(written)} in ${region} has no canonical key`, () => {
    const normalised = normaliseAddress(written, { region })
    assert.deepEqual(keysOf(normalised, 'canonical'), [])
    assert.equal(keysOf(normalised, 'exact').length, 1)
    assert.notDeepEqual(keysOf(normalised, 'near'), [])
    assert.equal(normalised.kind, 'fit')
    assert.deepEqual(normalised.flags, ['incomplete'])
  })
}

test('the exact key says the country', () => {
  const written = '12 Main St, Springfield, 12345'
  const [american, british, unknown] = ['US', 'GB', null].map((region) => normaliseAddress(written, { region }))
  assert.deepEqual(keysOf(american!, 'exact'), ['exact/us|12 main st springfield 12345'])
  assert.deepEqual(keysOf(british!, 'exact'), ['exact/gb|12 main st springfield 12345'])
  assert.deepEqual(keysOf(unknown!, 'exact'), ['exact/|12 main st springfield 12345'])
})

for (const region of ['constructor', '__proto__', 'toString']) {
  test(`${region} is a country that is not known`, () => {
    assert.equal(normaliseAddress('12 Main St Apt 4, Springfield, 12345', { region }).kind, 'fit')
  })
}

/** At most two letters of a postcode, and less than half of the short ones. */
const hints: [region: string, written: string, hint: string][] = [
  ['US', '12 Main St, Springfield, IL 62701', '••• 62••• US'],
  ['AT', 'Mustergasse 5, 1010 Wien', '••• 10••• AT'],
  ['IS', 'Laugavegur 5, 101 Reykjavík', '••• 1••• IS'],
  ['TW', 'No. 7, Sec. 1, Zhongshan N. Rd., Taipei 104', '••• 1••• TW'],
]

for (const [region, written, expected] of hints) {
  test(`${JSON.stringify(written)} in ${region} is shown as ${expected}`, () => {
    const normalised = normaliseAddress(written, { region })
    assert.equal(normalised.kind, 'fit')
    assert.equal(normalised.hint, expected)
  })
}

test('the whole of what becomes of an address', () => {
  assert.deepEqual(normaliseAddress('Flat 2a, 14 High St., Leeds LS1 4AB', { region: 'GB' }), {
    kind: 'fit',
    keys: [
      { form: 'exact', text: 'exact/gb|flat 2a 14 high st leeds ls1 4ab' },
      { form: 'canonical', text: 'canonical/gb|ls14ab lds|14|high st|2a' },
      { form: 'near', text: 'unitless/ls14ab|14|high st' },
      { form: 'near', text: 'sound/ls14ab|14|hg st|2a' },
      { form: 'near', text: 'door/ls14ab|14|2a' },
      { form: 'near', text: 'sound/lds|14|hg st|2a' },
      { form: 'near', text: 'word/lds|14|hg|2a' },
      { form: 'near', text: 'base/lds|14|hg|2a' },
    ],
    hint: '••• ls••• GB',
    flags: [],
  })
})

test('an address of more than 1,000 characters is not looked at', () => {
  const normalised = normaliseAddress(`12 Main St, Springfield, IL 62701${' '.repeat(1000)}`, { region: 'US' })
  assert.equal(normalised.kind, 'unfit')
  assert.match(normalised.why, /at most 1000 characters/)
})

const regions = fc.constantFrom(
  null,
  'US',
  'GB',
  'DE',
  'FR',
  'ES',
  'PL',
  'AU',
  'CO',
  'JP',
  'CN',
  'TW',
  'SG',
  'SE',
  'zz',
  '',
)
const crumbs = fc.constantFrom(
  ...'12 4a 10115 LS1 4AB apt # ste floor 3rd fl po box Main St straße rue de la , ; \n - / . º ½ № 号 栋 室 路 市 区 省 丁目 番 深圳 二十 USA DE CA Berlin 之 邮编 518000'.split(
    ' ',
  ),
)
const addressLike = fc.array(crumbs, { maxLength: 25 }).map((parts) => parts.join(' '))

test('anything has an answer', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, addressLike), regions, (raw, region) => {
      const normalised = normaliseAddress(raw, { region })
      if (normalised.kind === 'unfit') return
      assert.equal(keysOf(normalised, 'exact').length, 1)
      assert.ok(keysOf(normalised, 'canonical').length <= 1)
      assert.equal(new Set(keysOf(normalised)).size, normalised.keys.length)
    }),
    { numRuns: 1000 },
  )
})

test('an exact key reads as itself', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, addressLike), regions, (raw, region) => {
      const normalised = normaliseAddress(raw, { region })
      if (normalised.kind === 'unfit') return
      const [exact = ''] = keysOf(normalised, 'exact')
      const again = normaliseAddress(exact.slice(exact.indexOf('|') + 1), { region })
      // Without its commas the text may name no place or country any more.
      const wordsOf = (text: string) => text.slice(text.indexOf('|'))
      if (again.kind === 'fit') assert.deepEqual(keysOf(again, 'exact').map(wordsOf), [wordsOf(exact)])
    }),
    { numRuns: 1000 },
  )
})

const number = fc.stringMatching(/^[1-9]\d{0,3}[a-d]?$/)
const name = fc.constantFrom('Maple', 'Mill Hill', 'Lincoln', 'Kings Cross', 'Oak Ridge', 'Queen Ann')
const door = fc.stringMatching(/^[1-9]\d{0,2}[a-f]?$/)
const zip = fc.stringMatching(/^[1-9]\d{4}$/)

test('an American address is the same in every spelling', () => {
  const spelling = fc.record({
    kind: fc.constantFrom('Street', 'St', 'St.', 'STREET', 'Str.').filter((word) => word !== 'Str.'),
    unit: fc.constantFrom('Apt', 'Apt.', 'Apartment', 'Unit', '#', 'Suite', 'Ste', 'apt #', 'Unit No.'),
    comma: fc.constantFrom(', ', ',', '\n', ' , ', '\r\n'),
    state: fc.constantFrom('IL', 'Illinois', 'il'),
    plusFour: fc.constantFrom('', '-1234'),
    country: fc.constantFrom('', ', USA', '\nUnited States', ', U.S.A.', ', US'),
    retype: fc.constantFrom((text: string) => text, ...retyped),
  })
  fc.assert(
    fc.property(number, name, door, zip, spelling, (house, street, unit, code, by) => {
      const written = `${house} ${street} ${by.kind} ${by.unit} ${unit}${by.comma}Springfield${by.comma}${by.state} ${code}${by.plusFour}${by.country}`
      const plain = `${house} ${street} St Apt ${unit}, Springfield, IL ${code}`
      assert.deepEqual(
        keysOf(normaliseAddress(by.retype(written), { region: 'US' })).slice(1),
        keysOf(normaliseAddress(plain, { region: 'US' })).slice(1),
      )
    }),
  )
})

test('a German address is the same in every spelling', () => {
  const spelling = fc.record({
    street: fc.constantFrom('Müllerstraße', 'Muellerstrasse', 'Müllerstr.', 'MÜLLER STRASSE', 'Mu\u0308ller-Str.'),
    mark: fc.constantFrom('D-', '', 'DE-'),
    comma: fc.constantFrom(', ', '\n', ' '),
    country: fc.constantFrom('', ', Deutschland', '\nGermany'),
  })
  fc.assert(
    fc.property(number, zip, spelling, (house, code, { street, mark, comma, country }) => {
      const written = `${street} ${house}${comma}${mark}${code} Köln${country}`
      assert.deepEqual(keysOf(normaliseAddress(written, { region: 'DE' }), 'canonical'), [
        `canonical/de|${code} kln|${house}|muller str|`,
      ])
    }),
  )
})

test('a Chinese address is the same in every spelling', () => {
  const spelling = fc.record({
    province: fc.constantFrom('', '广东省', '广东', '中国广东省', '廣東省'),
    city: fc.constantFrom('深圳市', '深圳'),
    district: fc.constantFrom('南山区', '南山區'),
    subdistrict: fc.constantFrom('', '粤海街道'),
    building: fc.constantFrom('栋', '幢', '号楼', '座', '#', '棟'),
    room: fc.constantFrom('室', '房', ''),
    blank: fc.constantFrom('', ' ', '，'),
    retype: fc.constantFrom((text: string) => text, ...retyped),
  })
  const whole = fc.integer({ min: 1, max: 99 })
  fc.assert(
    fc.property(whole, whole, whole, spelling, (house, building, room, by) => {
      const places = [by.province, by.city, by.district, by.subdistrict, `科技园路${house}号`]
      const written = [...places, `${building}${by.building}`, `${room}${by.room}`].join(by.blank)
      assert.deepEqual(keysOf(normaliseAddress(by.retype(written), { region: 'CN' }), 'canonical'), [
        `canonical/cn|深圳南山${by.subdistrict && ' 粤海'}|${house}|科技园路|${building}-${room}`,
      ])
    }),
  )
})

/** Whole addresses, of countries whose postcodes do not say the street. */
const whole: [region: string, written: string][] = [
  ['US', '12 N Main St Apt 4, Springfield, IL 62701'],
  ['US', 'PO Box 12, Springfield, IL 62701'],
  ['GB', 'Flat 2, 14 High Street, Leeds, LS1 4AB'],
  ['DE', 'Musterstr. 5, 10115 Berlin'],
  ['DE', 'Packstation 123, 12345678, 10115 Berlin'],
  ['FR', '12 rue de la Paix, 75002 Paris'],
  ['ES', 'Calle Mayor 5, 3º B, 28013 Madrid'],
  ['IT', 'Via Roma 12, 10010 Burolo TO'],
  ['AU', '4/12 Smith St, Perth WA 6000'],
  ['BR', 'Rua das Flores 123 apto 45, São Paulo - SP, 01310-100'],
  ['PL', 'ul. Długa 12 m. 4, 00-001 Warszawa'],
  ['DK', 'Nørregade 5, 2. tv, 1165 København K'],
  ['CO', 'Cl. 12 No. 45-12 Bogota 110111'],
  ['HK', 'Rm 1203, 12/F, 1 Queens Road, Central, Hong Kong'],
  ['TW', 'No. 7, Sec. 1, Zhongshan N. Rd., Taipei 104'],
  ['JP', '東京都渋谷区神宮前 1-2-3, 150-0001'],
  ['CN', '深圳市 南山区 科技园路 1号 2栋 3单元 401室'],
]

for (const [region, written] of whole) {
  test(`nothing can stand anywhere in ${JSON.stringify(written)} without meaning another place`, () => {
    const [canonical = ''] = keysOf(normaliseAddress(written, { region }), 'canonical')
    assert.notEqual(canonical, '')
    const places = [0, ...Array.from(written.matchAll(/,? /g), ({ index }) => index), written.length]
    for (const added of ['7', '7b', '1203', 'H0202', 'ab-12-x', 'b', 'left', 'Zeta', '东']) {
      for (const at of places) {
        for (const inserted of [` ${added} `, `, ${added}, `]) {
          const other = written.slice(0, at) + inserted + written.slice(at)
          const normalised = normaliseAddress(other, { region })
          if (normalised.kind === 'fit') assert.ok(!keysOf(normalised, 'canonical').includes(canonical), other)
        }
      }
    }
  })
}

test('hostile texts take linear time', () => {
  for (const region of ['US', 'DE', 'ES', 'CN', 'JP']) assertLinear((raw) => normaliseAddress(raw, { region }), 1_000)
})
