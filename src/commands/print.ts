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
