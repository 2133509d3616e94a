/**
 * Domains that give a mailbox to anyone for minutes, their subdomains too. Well-known ones that are also on the public-domain list of
 * the project disposable-email-domains; forwarding services whose addresses lead to one lasting owner are left out.
 */
export const DISPOSABLE_DOMAINS: ReadonlySet<string> = new Set(
  `
    0-mail.com 0815.ru 0clickemail.com 10mail.org 10mail.tk 10minutemail.co.uk 10minutemail.com 10minutemail.de
    10minutemail.net 1secmail.com 1secmail.net 1secmail.org 1usemail.com 20mail.it 20minutemail.com
    20minutemail.it 2prong.com 30minutemail.com 3d-painting.com 4warding.com 4warding.net 60minutemail.com
    9ox.net abyssmail.com amail.club anonbox.net anonymail.dk anonymbox.com antireg.com antispam.de antispam24.de
    any.pink armyspy.com banit.club beefmilk.com binkmail.com bio-muesli.net bobmail.info boun.cr bouncr.com
    boximail.com breakthru.com brefmail.com bsnow.net bugmenot.com bumpymail.com burnthespam.info cars2.club
    casualdx.com centermail.com centermail.net chacuo.net chammy.info cheatmail.de chitthi.in clrmail.com
    cmail.club consumerriot.com cosmorph.com courriel.fr.nf crazymailing.com curryworld.de cust.in cuvox.de
    damnthespam.com dandikmail.com dayrep.com deadaddress.com deadspam.com deagot.com despam.it despammed.com
    devnullmail.com discard.email discardmail.com discardmail.de dispomail.eu disposable-email.ml
    disposableaddress.com disposableemailaddresses.com disposableinbox.com dispose.it disposeamail.com
    disposemail.com dispostable.com dodgeit.com dodgit.com dodgit.org donemail.ru dontreg.com dontsendmespam.de
    dropjar.com dropmail.me dump-email.info dumpandjunk.com dumpmail.de dumpyemail.com e4ward.com
    easytrashmail.com einrot.com email-fake.com email60.com emailfake.com emailias.com emailigo.de
    emailinfive.com emailisvalid.com emailmiser.com emailondeck.com emailproxsy.com emailresort.com
    emailsensei.com emailtemporanea.com emailtemporanea.net emailtemporar.ro emailtemporario.com.br emailthe.net
    emailto.de emailwarden.com emailxfer.com emailz.ml emlhub.com emlpro.com emltmp.com eyepaste.com
    fakeinbox.com fakeinbox.info fakeinformation.com fakemail.fr fakemail.net fakemailgenerator.com fastacura.com
    fexbox.org fexpost.com fextemp.com fivemail.de fizmail.com fleckens.hu frapmail.com front14.org
    fux0ringduh.com garliclife.com generator.email get1mail.com get2mail.fr getairmail.cf getairmail.com
    getnada.com getonemail.com getonemail.net ghosttexter.de girlsundertheinfluence.com gishpuppy.com givmail.com
    goemailgo.com great-host.in greensloth.com grr.la gsrv.co.uk guerrillamail.biz guerrillamail.com
    guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com gustr.com
    h8s.org haltospam.com harakirimail.com hatespam.org hidemail.de hidzz.com hmamail.com hochsitze.com
    hulapla.de ieatspam.eu ieatspam.info ihateyoualot.info imails.info inboxbear.com inboxclean.com
    inboxclean.org inboxkitten.com inboxproxy.com incognitomail.com incognitomail.net incognitomail.org
    insorg-mail.info instant-mail.de ipoo.org irish2me.com jetable.com jetable.fr.nf jetable.net jetable.org
    jnxjn.com jourrapide.com junk1e.com junkmail.ga kasmail.com keepmymail.com killmail.com killmail.net
    klassmaster.com klzlk.com koszmail.pl kurzepost.de letthemeatspam.com linshiyouxiang.net lookugly.com
    lortemail.dk lovemeleaveme.com mail-temporaire.com mail-temporaire.fr mail.tm mail7.io mailbiz.biz
    mailblocks.com mailbox.in.ua mailbucket.org mailcatch.com maildrop.cc maileater.com mailed.ro mailexpire.com
    mailforspam.com mailfreeonline.com mailguard.me mailhazard.com mailhazard.us mailimate.com mailin8r.com
    mailinater.com mailinator.com mailinator.net mailinator.org mailinator.us mailinator2.com mailincubator.com
    mailismagic.com mailme.lv mailme24.com mailmetrash.com mailmoat.com mailnator.com mailnesia.com mailnull.com
    mailpick.biz mailpoof.com mailquack.com mailrock.biz mailsac.com mailscrap.com mailseal.de mailshell.com
    mailsiphon.com mailslapping.com mailslite.com mailsucker.net mailtemp.info mailtemporaire.com
    mailtemporaire.fr mailto.plus mailtome.de mailtothis.com mailtrash.net mailtv.net mailzilla.com mailzilla.org
    meltmail.com merepost.com messagebeamer.de mierdamail.com mintemail.com minuteinbox.com moakt.cc moakt.co
    moakt.com moakt.ws moburl.com mohmal.com mohmal.im mohmal.in mohmal.tech moncourrier.fr.nf monemail.fr.nf
    monmail.fr.nf monumentmail.com mt2009.com mt2014.com mt2015.com muellemail.com muellmail.com mvrht.com
    mvrht.net my10minutemail.com mycleaninbox.net mymail-in.net mypartyclip.de myphantomemail.com mytemp.email
    mytempemail.com mytempmail.com mytrashmail.com nada.email nada.ltd nepwk.com nervmich.net nervtmich.net
    no-spam.ws nobulk.com noclickemail.com nogmailspam.info nomail2me.com nomorespamemails.com nospam4.us
    nospamfor.us nospamthanks.info notmailinator.com notsharingmy.info nowmymail.com nurfuerspam.de nwldx.com
    objectmail.com obobbo.com oida.icu oneoffemail.com onewaymail.com oopi.org ordinaryamerican.net owlpic.com
    pancakemail.com pjjkp.com pokemail.net pookmail.com privacy.net privatdemail.net proxymail.eu punkass.com
    putthisinyourspamdatabase.com quickemail.info quickinbox.com rcpt.at reallymymail.com reconmail.com rhyta.com
    rmqkr.net robot-mail.com rover.info rppkn.com rtrtr.com s0ny.net safersignup.de safetymail.info safetypost.de
    saynotospams.com selfdestructingmail.com selfdestructingmail.org sendspamhere.com sharedmailbox.org
    sharklasers.com shieldedmail.com shieldemail.com shitmail.me shitmail.org skeefmail.com slaskpost.se
    slopsbox.com smashmail.de smellfear.com snakemail.com sofimail.com sofort-mail.de sogetthis.com soodonims.com
    spam.la spam.su spam4.me spamavert.com spambob.com spambob.net spambob.org spambog.com spambog.de spambog.ru
    spambooger.com spambox.info spambox.us spamcero.com spamcon.org spamcorptastic.com spamcowboy.com spamday.com
    spamex.com spamfree.eu spamfree24.com spamfree24.de spamfree24.eu spamfree24.net spamfree24.org spamgoes.in
    spamherelots.com spamhereplease.com spamhole.com spamify.com spaml.com spaml.de spammotel.com spamobox.com
    spamoff.de spamslicer.com spamspot.com spamstack.net spamthis.co.uk spamthisplease.com spamtrail.com
    spamtroll.net spikio.com spoofmail.de squizzy.de stinkefinger.net streetwisemail.com stuffmail.de
    supergreatmail.com supermailer.jp superrito.com suremail.info tafmail.com teleworm.com teleworm.us
    temp-mail.com temp-mail.de temp-mail.org temp-mail.ru tempail.com tempe-mail.com tempemail.co.za
    tempemail.com tempemail.net tempinbox.co.uk tempinbox.com tempmail.de tempmail.eu tempmail.it tempmail.ninja
    tempmail.plus tempmaildemo.com tempmailer.com tempmailer.de tempmailo.com tempomail.fr temporarily.de
    temporarioemail.com.br temporaryemail.net temporaryemail.us temporaryforwarding.com temporaryinbox.com
    temporarymailaddress.com tempr.email tempsky.com tempthe.net tempymail.com thankyou2010.com
    thisisnotmyrealemail.com throwam.com throwawayemailaddress.com throwawaymail.com tilien.com tittbit.in
    tmail.ws tmailinator.com tmpbox.net tmpeml.com tmpeml.info tmpmail.net tmpmail.org toiea.com tokem.co
    tradermail.info trash-mail.at trash-mail.cf trash-mail.com trash-mail.de trash-me.com trash2009.com
    trashdevil.com trashdevil.de trashmail.at trashmail.com trashmail.de trashmail.io trashmail.me trashmail.net
    trashmail.org trashmail.ws trashmailer.com trashymail.com trashymail.net trbvm.com trialmail.de turual.com
    twinmail.de tyldd.com uggsrock.com uroid.com veryrealemail.com vidchart.com viditag.com viewcastmedia.com
    vmani.com vomoto.com vpn.st vsimcard.com walala.org walkmail.net webemail.me webm4il.info
    wegwerf-email-adressen.de wegwerf-email.de wegwerfadresse.de wegwerfemail.com wegwerfemail.de wegwerfmail.de
    wegwerfmail.info wegwerfmail.net wegwerfmail.org wegwerpmailadres.nl wh4f.org whyspam.me willhackforfood.biz
    willselfdestruct.com winemaven.info wronghead.com wuzup.net wuzupmail.net xagloo.com xemaps.com xents.com
    xmaily.com yomail.info yopmail.com yopmail.fr yopmail.net yopmail.pp.ua yuurok.com zehnminutenmail.de
    zetmail.com zippymail.info zoemail.com zoemail.net zoemail.org zomg.info
  `
    .trim()
    .split(/\s+/),
)
