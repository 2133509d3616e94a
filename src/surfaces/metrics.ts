import { createServer } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { OperatorError } from '../lib/errors.ts'

/** Serves `/metrics` on a port of its own, which stays inside the operator's network, until the app closes. Nothing without METRICS_PORT. */
export async function listenMetrics(app: FastifyInstance, config: Config): Promise<void> {
  if (config.metricsPort === null) return
  const { registry } = app.metrics
  app.metrics.collectDefaults()
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('Metrics are at /metrics.\n')
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  app.addHook('onClose', () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A scrape cut short is no loss, and a connection that never asks would hold the stop up.
    server.closeAllConnections()
    return closed
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatorError(`METRICS_PORT ${config.metricsPort} is taken; choose another.`)
          : error,
      ),
    )
    server.listen(config.metricsPort!, config.host, resolve)
  })
}
