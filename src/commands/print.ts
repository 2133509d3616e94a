/** Writes to stdout: JSON with `--json`, else the words for people. */
export function print(options: { json?: boolean }, value: object, words: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${words}\n`)
}

/** A table for people, columns as wide as their widest cell. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Text that others wrote, in one line: it must not write over the operator's terminal. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}

/** As `plain`, in 40 characters at most. */
export function oneLine(text: string): string {
  const line = plain(text)
  return line.length > 40 ? `${line.slice(0, 39)}…` : line
}
