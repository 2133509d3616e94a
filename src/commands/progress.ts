import { progress } from '@clack/prompts'

export type Bar = { to(done: number, message: string): void; end(message: string): void }

/**
 * Shows how far long work has come, on stderr, since stdout is for results: a bar in a terminal, a line a step elsewhere.
 * `total` and `done` are in the same unit.
 */
export function openBar(title: string, total: number): Bar {
  if (!process.stderr.isTTY) {
    let told = ''
    const tell = (message: string) => {
      if (message !== told) process.stderr.write(`${message}\n`)
      told = message
    }
    return { to: (_done, message) => tell(message), end: tell }
  }
  const bar = progress({ max: Math.max(1, total), output: process.stderr })
  let shown = 0
  bar.start(title)
  return {
    to(done, message) {
      bar.advance(Math.max(0, done - shown), message)
      shown = Math.max(shown, done)
    },
    end: (message) => bar.stop(message),
  }
}
