import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import ipaddr from 'ipaddr.js'

const TYPES: Record<number, 4 | 6> = { 1: 4, 28: 6 }

/** A name server on this machine with these addresses of names. It is silent about a name that has null, and knows no others. */
export async function nameServer(t: TestContext, names: Record<string, string[] | null>) {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query, 12)
    asked.push(name)
    const addresses = names[name]
    if (addresses === null) return
    const kind = TYPES[query.readUInt16BE(end)]
    const bytes = (addresses ?? []).map((each) => ipaddr.parse(each).toByteArray())
    const own = bytes.filter(({ length }) => length === (kind === 4 ? 4 : 16))
    const records = own.map((each) =>
      Buffer.from([0xc0, 12, ...query.subarray(end, end + 4), 0, 0, 0, 9, 0, each.length, ...each]),
    )
    // An answer to what was asked for, with its one question; 3 says that there is no such name.
    const head = Buffer.from([...query.subarray(0, 2), 0x81, addresses ? 0x80 : 0x83, 0, 1, 0, own.length, 0, 0, 0, 0])
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...records]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return { address: `127.0.0.1:${socket.address().port}`, asked }
}

function readName(query: Buffer, from: number): { name: string; end: number } {
  const labels: string[] = []
  let at = from
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), end: at + 1 }
}
