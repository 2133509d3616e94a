/** For the environment of tests that share a database, and so the keys of its list. */
export const KNOWN_KEYS = { RISK_KEYS: Buffer.alloc(32, 7).toString('base64') }
