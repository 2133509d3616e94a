/** What can be checked. */
export const TYPES = ['email', 'username', 'phone', 'address', 'ip', 'device'] as const
export type IdentifierType = (typeof TYPES)[number]

/**
 * Something to compare an identifier by. `exact`: as it was sent, but for what certainly means nothing. `canonical`: the same by
 * the rules of whoever gave it out. `near`: one of several that look-alikes share some of.
 */
export type Key = { form: 'exact' | 'canonical' | 'near'; text: string }

export type Normalised =
  | {
      kind: 'fit'
      /** The exact one first. Each text begins with what kind of key it is and a slash. */
      keys: readonly Key[]
      /** Masked, for staff: not enough to tell whose it is. */
      hint: string
      /** Facts beside, such as `disposable`. */
      flags: readonly string[]
    }
  /** `why` says what to send instead, and never repeats what was sent. */
  | { kind: 'unfit'; why: string }
