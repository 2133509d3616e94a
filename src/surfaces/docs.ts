import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Ctx } from '../ctx.ts'
import { METHODS_THAT_WRITE } from './door.ts'
import type { Surface } from './surface.ts'

const PUBLIC = { scope: 'public', cost: 0 } as const
const SECURITY = {
  authorization: { type: 'http', scheme: 'bearer' },
  'x-api-key': { type: 'apiKey', in: 'header', name: 'X-API-Key' },
} as const
const REPEATABLE = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      maxLength: 255,
      description:
        'For 24 hours the same request under the same key gets the first answer again, and nothing is done twice.',
    },
  },
} as const
/** The page must not fetch from elsewhere, and this makes the browser see to it. */
const PAGE_POLICY =
  "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'none'; frame-ancestors 'none'"

/** Gathers the routes of a surface's scope into an OpenAPI 3.1 document of its own; call before they are added. */
export async function describeSurface(scope: FastifyInstance, surface: Surface): Promise<void> {
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: surface.title, description: surface.description, version: '1' },
      components: { securitySchemes: { key: SECURITY[surface.keyHeader] } },
    },
    transform: ({ schema, url, route }) => {
      if (route.config?.scope === 'public') return { schema, url }
      const isWriting = [route.method].flat().some((method) => METHODS_THAT_WRITE.has(method))
      return { schema: { ...schema, security: [{ key: [] }], ...(isWriting && { headers: REPEATABLE }) }, url }
    },
  })
  scope.addHook('onReady', async () => {
    scope.openapiDocuments.set(surface.name, scope.swagger())
  })
}

/** `/docs`: a reference page that loads nothing from elsewhere; `/docs/openapi/NAME.json`; `/llms.txt`. */
export function docsRoutes(app: FastifyInstance, ctx: Ctx, surfaces: readonly Surface[]): void {
  app.get('/docs/openapi/:file', { config: PUBLIC }, async (request, reply) => {
    const { file } = request.params as { file: string }
    const document = app.openapiDocuments.get(file.replace(/\.json$/, ''))
    if (!document || !file.endsWith('.json')) return reply.callNotFound()
    return reply.send({ ...document, servers: [{ url: ctx.publicUrl }] })
  })
  app.get('/', { config: PUBLIC }, async (_request, reply) => reply.redirect('/docs'))
  app.get('/llms.txt', { config: PUBLIC }, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(llmsText(app, ctx, surfaces)),
  )

  // Loaded at the first look: the page's code takes a quarter of a second to import, which a start should not pay.
  let page: Promise<FastifyInstance> | null = null
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { config: PUBLIC }, async (request, reply) => {
      page ??= referencePage(surfaces)
      const path = request.url.replace(/\?.*$/, '')
      const answer = await (await page).inject({ url: path === '/docs' ? '/docs/' : path })
      if (answer.statusCode !== 200) return reply.callNotFound()
      reply.header('Content-Security-Policy', PAGE_POLICY)
      return reply.type(String(answer.headers['content-type'])).send(answer.rawPayload)
    })
  }
}

async function referencePage(surfaces: readonly Surface[]): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const page = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  await page.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      pageTitle: 'Openhaul API',
      cdn: '/docs/js/scalar.js',
      sources: surfaces.map(({ name, title }) => ({ title, slug: name, url: `/docs/openapi/${name}.json` })),
      authentication: { preferredSecurityScheme: 'key' },
      hideClientButton: true,
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  })
  return page
}

type Described = { paths?: Record<string, Record<string, { summary?: string }>> }

function llmsText(app: FastifyInstance, ctx: Ctx, surfaces: readonly Surface[]): string {
  const intro = [
    '# Openhaul',
    '> Any marketplace or shopping-agent link in, one normalized product out.',
    `Base URL: ${ctx.publicUrl}/api/v1`,
  ]
  const sections = surfaces.map(({ name, title, description }) => {
    const { paths = {} } = app.openapiDocuments.get(name) as Described
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary }]) => `- ${method.toUpperCase()} ${path}: ${summary ?? ''}`),
    )
    return [`## ${title}`, description, `[OpenAPI](${ctx.publicUrl}/docs/openapi/${name}.json)`, ...routes].join('\n')
  })
  return `${[intro.join('\n'), ...sections].join('\n\n')}\n`
}

declare module 'fastify' {
  interface FastifyInstance {
    /** OpenAPI documents by surface name; complete once the app is ready. */
    openapiDocuments: Map<string, object>
  }
}
