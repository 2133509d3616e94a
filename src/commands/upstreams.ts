import { once } from 'node:events'
import { interruption } from '../ctx.ts'
import { startUpstreams } from '../upstreams/start.ts'
import { systemClock } from '../lib/clock.ts'
import { OperatorError } from '../lib/errors.ts'
import { print } from './print.ts'

/** Runs the local upstream servers until it is interrupted, and prints the settings that make a server use them. */
export async function upstreams(options: { port: number; json?: boolean }): Promise<void> {
  const started = await startUpstreams({ host: '127.0.0.1', port: options.port, clock: systemClock }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        throw new OperatorError(`Ports from ${options.port} on are taken; choose others with --port.`)
      if (error.code === 'EACCES')
        throw new OperatorError(`Ports from ${options.port} on need rights that this user lacks; choose from 1024 up.`)
      throw error
    },
  )
  const settings = Object.entries(started.env).map(([name, value]) => `export ${name}='${value}'`)
  const words = ['# Local upstreams are running; Ctrl-C stops them. Paste this where you start Openhaul:', ...settings]
  print(options, { urls: started.urls, env: started.env }, words.join('\n'))
  await once(interruption(), 'abort')
  await started.stop()
}
