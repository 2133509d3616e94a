import pino from 'pino'

export type Log = Pick<pino.Logger, 'error' | 'warn' | 'info' | 'debug' | 'child'>

/** Logs as JSON lines on stderr; stdout belongs to the ready line and to `--json`. */
export function openLog(level: string): pino.Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  )
}
