import pg from 'pg'
import { OperatorError } from '../errors.ts'
import { openDedicated, type Connection } from './db.ts'

/** Of the system, when nobody could be spoken to. */
const UNREACHABLE = /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|EPIPE)/

/**
 * Makes sure, by one connection, that a server answers and lets us in. Throws an `OperatorError` that says what is wrong
 * with DATABASE_URL, never its password.
 */
export async function requireServer(connection: Connection): Promise<void> {
  const place = placeOf(connection)
  try {
    const client = await openDedicated(connection)
    await client.end()
  } catch (error) {
    throw new OperatorError(`DATABASE_URL: ${faultOf(error as NodeJS.ErrnoException, place)}`, { cause: error })
  }
}

/** `HOST:PORT`, or the path of a socket. */
function placeOf(connection: Connection): string {
  try {
    const { host, port } = new pg.Client(connection)
    return host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'a file that it names is missing' : 'correct it'
    throw new OperatorError(`DATABASE_URL is not readable as the address of a database: ${reason}.`, { cause: error })
  }
}

function faultOf({ code, message }: NodeJS.ErrnoException, place: string): string {
  if (UNREACHABLE.test(code ?? ''))
    return `no PostgreSQL answers at ${place} (${code}); start it, or correct the address.`
  if (/timeout/i.test(message)) return `no PostgreSQL answers at ${place} (no answer in time); correct the address.`
  return `the server refuses the connection at ${place}: ${message}.`
}
