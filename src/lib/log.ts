import pino from 'pino'

export type Log = pino.Logger

/** Logs as JSON lines on stderr; stdout belongs to the ready line and to `--json`. */
export function openLog(level: string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  )
}
