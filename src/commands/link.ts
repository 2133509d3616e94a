import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { OperatorError } from '../lib/errors.ts'
import { findAgent, listAgents } from '../products/links/registry.ts'
import { convertLink, readReferralPolicy } from '../products/links/convert.ts'
import { parseLink } from '../products/links/parse.ts'
import { toWireLink, type WireLink } from '../products/links/wire.ts'

export type LinkOptions = { file?: string; to?: string; referral?: string; json?: boolean }

/** Needs no database: links are read offline. */
export async function link(url: string | undefined, options: LinkOptions): Promise<void> {
  if ((url === undefined) === (options.file === undefined)) {
    throw new OperatorError('Give one link, or --file with one link a line.')
  }
  const { to } = options
  const referral = readReferralPolicy(options.referral)
  if (to !== undefined && to !== 'all' && !findAgent(to)) {
    const ids = listAgents().map(({ id }) => id)
    throw new OperatorError(`"${to}" is not an agent; give \`all\` or one of ${ids.join(', ')}.`)
  }
  const read = (text: string) => toWireLink(convertLink(parseLink(text), to, referral))
  const show = (text: string) => (options.json ? JSON.stringify(read(text)) : describe(read(text)))
  if (url !== undefined) {
    process.stdout.write(`${show(url)}\n`)
    return
  }
  await pipeline(Readable.from(answers(options.file!, show)), process.stdout, { end: false }).catch(
    (error: unknown) => {
      // Whoever read us has seen enough, as `head` does.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
    },
  )
}

async function* answers(path: string, show: (line: string) => string): AsyncGenerator<string> {
  for await (const line of lines(path)) yield `${show(line)}\n`
}

function describe(link: WireLink): string {
  const what = [link.type, link.marketplace, link.listing_id, link.agent && `via ${link.agent}`]
    .filter(Boolean)
    .join(' ')
  const where = link.canonical_url ? `\n  ${link.canonical_url}` : ''
  const why = link.reason ? `\n  ${link.reason}` : ''
  const converted = Object.entries(link.converted).map(([agent, url]) => `\n  ${agent}: ${url}`)
  const lost = link.lost.map((each) => `\n  lost: ${each}`)
  return [what, where, why, ...converted, ...lost].join('')
}

/** The lines of a file, or of stdin for `-`: cut at each line feed and nowhere else, without one carriage return before it. */
async function* lines(path: string): AsyncGenerator<string> {
  const input = path === '-' ? process.stdin : createReadStream(path)
  let rest = ''
  try {
    for await (const text of input.setEncoding('utf8') as AsyncIterable<string>) {
      const parts = text.split('\n')
      parts[0] = rest + parts[0]!
      rest = parts.pop()!
      yield* parts.map((each) => each.replace(/\r$/, ''))
    }
  } catch (error) {
    throw new OperatorError(`Cannot read ${path}: ${(error as Error).message}`)
  }
  if (rest !== '') yield rest.replace(/\r$/, '')
}
