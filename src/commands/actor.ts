import { userInfo } from 'node:os'

/** Who does what a command does, as the audit names it: `cli:` and the name of the machine's user. */
export function cliActor(): string {
  try {
    return `cli:${userInfo().username}`
  } catch {
    // In a container a user may have a number and no name.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}
