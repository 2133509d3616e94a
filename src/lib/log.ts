import pino from 'pino'

export type Log = pino.Logger

/** Fields that hold personal data, wherever they stand. */
const PERSONAL = ['username', 'email', 'avatar', 'phone', 'phoneE164', 'phone_e164', 'city', 'zipCode', 'zip_code']
/** Words that say something else on a line of the log itself, such as the address of a picture. */
const PERSONAL_WITHIN = ['name', 'country', 'state', 'address', 'language']
const ON_THE_LINE: ReadonlySet<string> = new Set(PERSONAL)
const WITHIN: ReadonlySet<string> = new Set([...PERSONAL, ...PERSONAL_WITHIN])
/** What lies deeper is left out, as it may lead back to where it began. */
const DEPTH_MAX = 6

/** Logs as JSON lines on stderr; stdout belongs to the ready line and to `--json`. Personal data is left out. */
export function openLog(
  level: string,
  stream: pino.DestinationStream = pino.destination({ dest: 2, sync: false }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: (fields) => withoutPersonal(fields, ON_THE_LINE, 0) },
    },
    stream,
  )
}

function withoutPersonal(fields: object, names: ReadonlySet<string>, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    // An object of such a name is looked into: what it stands for is in its fields.
    kept[key] = names.has(key) && typeof value !== 'object' ? '[personal]' : shown(value, depth + 1)
  }
  return kept
}

function shown(value: unknown, depth: number): unknown {
  if (value instanceof Error) return withoutDetail(value)
  if (!isData(value)) return value
  if (depth > DEPTH_MAX) return '[deep]'
  if (Array.isArray(value)) return value.map((each) => shown(each, depth + 1))
  return withoutPersonal(value, WITHIN, depth)
}

/** Dates and what libraries log say themselves how they are printed. */
function isData(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('toJSON' in value)
}

/** The database tells in `detail` which row it refused, with all that is in it. */
function withoutDetail(error: Error): unknown {
  const { detail: _, ...told } = pino.stdSerializers.err(error) as pino.SerializedError & { detail?: unknown }
  return told
}
