import { reencode } from '../intake.ts'

/** Takes a picture from outside in a thread; see `reencode`. */
export default function task({ bytes }: { bytes: Uint8Array }) {
  return reencode(bytes)
}
