import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { OperatorError } from '../errors.ts'
import { ROLE } from './server.sql.ts'
import { runAs } from './server-user.ts'
import type { Binaries } from './binaries.ts'
import type { ServerUser } from './server-user.ts'

const INITDB = [
  `--username=${ROLE}`,
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--auth-local=trust',
  '--auth-host=reject',
  '--no-instructions',
]

/** Makes a cluster in an empty folder of that user's, synced to disk. Throws an `OperatorError` with initdb's reason. */
export function initdb(folder: string, user: ServerUser, binaries: Binaries): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(binaries.folder, 'bin', 'initdb'), [...INITDB, '--pgdata', folder], {
      ...runAs(user),
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve()
      const reason = /^(?:initdb: error|.*FATAL): *(.*)$/m.exec(said)?.[1] ?? said.trim()
      reject(
        new OperatorError(
          `The database could not be made in ${folder}: ${reason || `initdb ended with ${code ?? signal}`}`,
        ),
      )
    })
  })
}
