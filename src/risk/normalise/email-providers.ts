/**
 * How a provider of mailboxes reads an address, as its help pages or those who use it tell; none of it was tried. Where two people could
 * be taken for one, it is left out.
 */
export type EmailProvider = {
  /** Domains whose addresses are the same mailbox are one group under the first of them; else every domain stands for itself. */
  domains: readonly string[]
  oneMailbox?: true
  /** name+anything@ is name@. */
  plusTags?: true
  /** name-anything@ belongs to whoever chose that name, who need not have name@. */
  dashTags?: true
  dots?: 'ignored' | 'hyphens'
  /** anything@NAME.DOMAIN is NAME@DOMAIN. */
  nameAsSubdomain?: true
}

function under(name: string, suffixes: string): string[] {
  return suffixes.split(' ').map((suffix) => `${name}.${suffix}`)
}

const FASTMAIL = `
  123mail.org 150mail.com airpost.net allmail.net bestmail.us cluemail.com elitemail.org eml.cc f-m.fm fast-email.com fast-mail.org
  fastest.cc fastmail.cn fastmail.co.uk fastmail.com fastmail.com.au fastmail.de fastmail.es fastmail.fm fastmail.in fastmail.jp
  fastmail.mx fastmail.net fastmail.nl fastmail.org fastmail.se fastmail.to fastmail.tw fastmail.uk fastmail.us fastmailbox.net
  fastmessaging.com fea.st fmail.co.uk fmailbox.com fmgirl.com fmguy.com ftml.net hailmail.net imap.cc imapmail.org inoutbox.com
  internet-mail.org jetemail.net letterboxes.org mail-page.com mailandftp.com mailbolt.com mailc.net mailcan.com mailhaven.com
  mailingaddress.org mailite.com mailmight.com mailnew.com mailsent.net mailservice.ms mailup.net mailworks.org ml1.net mm.st
  myfastmail.com mymacmail.com nospammail.net ownmail.net petml.com postinbox.com postpro.net proinbox.com promessage.com
  realemail.net reallyfast.biz reallyfast.info rushpost.com sent.as sent.at sent.com speedpost.net speedymail.org swift-mail.com
  the-fastest.net the-quickest.com theinternetemail.com veryfast.biz veryspeedy.net warpmail.net xsmail.com yepmail.net your-mail.com
`

const OUTLOOK = [
  'msn.com',
  'passport.com',
  'windowslive.com',
  ...under(
    'outlook',
    'at be cl co.id co.il co.th com com.ar com.au com.br com.gr com.pe com.tr com.vn cz de dk es fr hu ie in it jp kr lv my ph pt sa sg sk',
  ),
  ...under(
    'hotmail',
    'be ca ch cl co.id co.il co.in co.jp co.kr co.th co.uk co.za com com.ar com.au com.br com.hk com.tr com.tw com.vn cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk',
  ),
  ...under(
    'live',
    'at be ca cl cn co.kr co.uk co.za com com.ar com.au com.mx com.my com.ph com.pt com.sg de dk fi fr hk ie in it jp nl no ru se',
  ),
]

const YAHOO = [
  'myyahoo.com',
  'rocketmail.com',
  'ymail.com',
  ...under(
    'yahoo',
    'ca co.id co.in co.jp co.nz co.th co.uk com com.ar com.au com.br com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ve com.vn de dk es fr gr hu ie in it nl no pl pt ro se',
  ),
]

export const EMAIL_PROVIDERS: readonly EmailProvider[] = [
  // Gmail help, "Dots don't matter in Gmail addresses" and "Create a variation of your address". Domains of one's own that Google
  // hosts are not Gmail: there a dot matters.
  { domains: ['gmail.com', 'googlemail.com'], oneMailbox: true, plusTags: true, dots: 'ignored' },
  // "Plus addressing in Exchange Online"; Hotmail and Outlook.com since 2013. ada@hotmail.com and ada@outlook.com are two people.
  { domains: OUTLOOK, plusTags: true },
  // Apple support 118230: who has an address at mac.com or me.com has the same one at icloud.com. Nobody else can get it.
  { domains: ['icloud.com', 'me.com', 'mac.com'], oneMailbox: true, plusTags: true },
  // Proton support, "Email addresses and aliases": a name is reserved for one account on all of Proton's domains.
  { domains: ['proton.me', 'protonmail.com', 'pm.me', 'protonmail.ch'], oneMailbox: true, plusTags: true },
  // Fastmail help, "Plus addressing and subdomain addressing".
  { domains: FASTMAIL.trim().split(/\s+/), plusTags: true, nameAsSubdomain: true },
  // Yahoo help, "Disposable email addresses": basename-keyword. Names at Yahoo have no hyphen themselves.
  { domains: YAHOO, dashTags: true },
  // Yandex support: an account has its name on all these domains, and "does not distinguish between a point and a hyphen".
  {
    domains: ['yandex.ru', 'ya.ru', ...under('yandex', 'by com kz ua')],
    oneMailbox: true,
    plusTags: true,
    dots: 'hyphens',
  },
  // Each documents plus addressing for its own domains.
  {
    domains: ['hey.com', 'mailbox.org', 'pobox.com', 'posteo.de', 'runbox.com', 'zoho.com', 'zohomail.com'],
    plusTags: true,
  },
]
