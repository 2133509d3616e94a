import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose'

export const AUDIENCE = 'haul-test'

export type SigningKey = { kid: string; alg: 'RS256' | 'ES256'; privateKey: CryptoKey; publicJwk: JWK }

export async function signingKey(kid: string, alg: SigningKey['alg']): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** An issuer of ID tokens on real HTTP. `published` is what it tells of its keys; `status` is what it answers. */
export async function startIssuer(t: TestContext, published: SigningKey[]) {
  const issuer = { published, status: 200, asked: 0, url: '', env: {} as Record<string, string> }
  const server = createServer((_request, response) => {
    issuer.asked++
    response.writeHead(issuer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: issuer.published.map(({ publicJwk }) => publicJwk) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  issuer.env = { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, OIDC_JWKS_URL: `${issuer.url}/keys` }
  return issuer
}

/** A token of an hour from `at`; `claims` replace what it says, undefined leaves out. */
export async function tokenOf(
  { url }: { url: string },
  { kid, alg, privateKey }: { kid: string; alg: string; privateKey: CryptoKey },
  at: Date,
  claims: JWTPayload = {},
): Promise<string> {
  const now = Math.floor(at.getTime() / 1000)
  const said: JWTPayload = { iss: url, aud: AUDIENCE, sub: 'user-1', iat: now, exp: now + 3_600, ...claims }
  return new SignJWT(said).setProtectedHeader({ alg, kid }).sign(privateKey)
}
