// The baseline of the look-up bench: node:http, and the same bytes for every request. Usage: raw-server.ts FILE
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = readFileSync(process.argv[2]!)
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length }
const server = createServer((_request, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`raw ready on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
