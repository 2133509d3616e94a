import { createServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'

/** Serves `/metrics` on a port of its own, which stays inside the operator's network; null when METRICS_PORT is not set. */
export async function listenMetrics(
  app: FastifyInstance,
  config: Config,
): Promise<{ port: number; close(): Promise<void> } | null> {
  if (config.metricsPort === null) return null
  const { registry } = app.metrics
  app.metrics.collectDefaults()
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end('Metrics are at /metrics.\n')
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
    return undefined
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.metricsPort!, config.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : config.metricsPort,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
