// Plain JavaScript for every Node from 12 on, old module names included: this runs before we know which one it is.
import { spawn } from 'child_process'
import { existsSync } from 'fs'
import { constants } from 'os'
import { join } from 'path'
import { isatty } from 'tty'
import { fileURLToPath } from 'url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OLDEST = [22, 19]
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']

/**
 * Makes sure that `script` runs on a Node that reads TypeScript. Returns true when this one does; else runs the script
 * again on the Node that came with `npm ci` and returns false, or says what is missing and ends.
 */
export function onNode24(script) {
  if (!existsSync(join(ROOT, 'node_modules'))) stop('The packages are not installed: run "npm ci" first.')
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return true

  const node = join(ROOT, 'node_modules', '.bin', 'node')
  if (process.env.OPENHAUL_NODE === node || !existsSync(node)) {
    stop(
      `Node ${OLDEST.join('.')} or newer is needed and this is ${process.versions.node}: install Node 24, or run ` +
        '"npm ci" without --omit=optional, which brings it on Linux.',
    )
  }
  again(node, script)
  return false
}

function again(node, script) {
  // So that a .bin/node that is as old as this one does not start itself for ever.
  const env = Object.assign({}, process.env, { OPENHAUL_NODE: node })
  const child = spawn(node, [...process.execArgv, script, ...process.argv.slice(2)], { stdio: 'inherit', env })
  const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // The terminal sends its Ctrl-C to both of us; a second one from here would mean "at once".
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal)
    })
  }
  child.on('error', (error) => stop(`${node} cannot be run: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function stop(sentence) {
  process.stderr.write(`openhaul: ${sentence}\n`)
  process.exit(1)
}
