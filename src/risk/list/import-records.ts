import { isUtf8 } from 'node:buffer'
import { OperatorError } from '../../lib/errors.ts'
import { type Line, LINE_BYTES_MAX } from '../../lib/lines.ts'

/** What a file says of one entry, by the names of its fields; `line` is where it begins. What is empty is left out. */
export type FileRecord = { line: number } & ({ fields: Fields } | { fault: string })
export type Fields = Readonly<Record<string, string>>

/** Makes records of lines. A fault never repeats what stands in the line. */
export type RecordReader = {
  /** Null for a blank line, and while a record goes on in the next one. */
  push(line: Line): FileRecord | null
  /** What the file ends in the middle of. */
  end(): FileRecord | null
}

const RECORD_CHARACTERS_MAX = 64 * 1024

/** One JSON object a line. */
export function jsonReader(): RecordReader {
  return {
    push({ number: line, bytes }) {
      const text = textOf(bytes)
      if (typeof text !== 'string') return { line, ...text }
      if (text.trim() === '') return null
      const read = readObject(text)
      return { line, ...read }
    },
    end: () => null,
  }
}

function readObject(text: string): { fields: Fields } | { fault: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Its own message shows a part of the line.
    return { fault: 'the line is not JSON.' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'the line is no object.' }
  const fields: Record<string, string> = {}
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (typeof field === 'string' || typeof field === 'number') fields[name] = String(field).trim()
    else if (field !== null) return { fault: 'every field is a text or a number.' }
    if (fields[name] === '') delete fields[name]
  }
  return { fields }
}

/**
 * CSV as RFC 4180 has it: cells in quotes may hold commas, line breaks and doubled quotes. The first record names the fields.
 * Throws an `OperatorError` for one that does not.
 */
export function csvReader(required: readonly string[]): RecordReader {
  let header: string[] | null = null
  let open: OpenRecord | null = null

  function complete(line: number, cells: readonly string[]): FileRecord | null {
    if (cells.length === 1 && cells[0] === '') return null
    if (header === null) {
      header = readHeader(cells, required)
      return null
    }
    if (cells.length !== header.length) {
      return { line, fault: `it has ${cells.length} cells where the header has ${header.length}.` }
    }
    const named = header.map((name, at) => [name, cells[at]!.trim()] as const)
    return { line, fields: Object.fromEntries(named.filter(([, cell]) => cell !== '')) }
  }

  return {
    push({ number, bytes }) {
      const text = textOf(bytes)
      const before: OpenRecord = open ?? { line: number, cells: [], quoted: null, characters: 0 }
      open = null
      const faulty = (fault: string): FileRecord => {
        if (header === null) throw new OperatorError(`The header cannot be read: ${fault}`)
        return { line: before.line, fault }
      }
      if (typeof text !== 'string') return faulty(text.fault)
      const { line, cells, characters } = before
      const read = readCells(text.replace(/\r$/, ''), cells, before.quoted)
      if (read === null) return faulty('a quote stands where none can; double those inside of a cell.')
      if (read.quoted === null) return complete(line, cells)
      if (characters + text.length > RECORD_CHARACTERS_MAX) {
        return faulty(`a quote is not closed within ${RECORD_CHARACTERS_MAX} characters.`)
      }
      open = { line, cells, quoted: read.quoted, characters: characters + text.length + 1 }
      return null
    },
    end() {
      if (open) return { line: open.line, fault: 'a quote is not closed.' }
      if (header === null) readHeader([], required)
      return null
    },
  }
}

/** A record that goes on in the next line, in the middle of a cell in quotes. */
type OpenRecord = { line: number; cells: string[]; quoted: string | null; characters: number }

/**
 * Adds the cells of a line. `quoted` is what the last one has so far while its quotes are still open, before and after; null for
 * a line that cannot be.
 */
function readCells(text: string, cells: string[], quoted: string | null): { quoted: string | null } | null {
  for (let at = 0; ;) {
    if (quoted === null && text[at] === '"') {
      quoted = ''
      at += 1
    }
    const end = text.indexOf(quoted === null ? ',' : '"', at)
    const cell = (quoted ?? '') + text.slice(at, end < 0 ? text.length : end)
    if (quoted === null) {
      if (cell.includes('"')) return null
      cells.push(cell)
      if (end < 0) return { quoted }
      at = end + 1
    } else if (end < 0) {
      return { quoted: `${cell}\n` }
    } else if (text[end + 1] === '"') {
      quoted = `${cell}"`
      at = end + 2
    } else {
      cells.push(cell)
      if (end + 1 === text.length) return { quoted: null }
      if (text[end + 1] !== ',') return null
      quoted = null
      at = end + 2
    }
  }
}

function readHeader(cells: readonly string[], required: readonly string[]): string[] {
  const names = cells.map((cell) => cell.trim().toLowerCase())
  const missing = required.filter((name) => !names.includes(name))
  if (missing.length > 0) {
    throw new OperatorError(`The first line has to name the columns, and does not name ${missing.join(' and ')}.`)
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new OperatorError(`The first line names the column ${twice} twice.`)
  return names
}

function textOf(bytes: Buffer | null): string | { fault: string } {
  if (bytes === null) return { fault: `the line is longer than ${LINE_BYTES_MAX} bytes.` }
  return isUtf8(bytes) ? bytes.toString().replace(/^\ufeff/, '') : { fault: 'the line is not UTF-8.' }
}
