/** What a browser or curl writes: the boundary in quotes or not, and at most a charset beside it. */
const CONTENT_TYPE =
  /^multipart\/form-data\s*;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;",]{1,70}))\s*(?:;\s*charset=[\w"-]+\s*)?$/i
const HEADERS_BYTES_MAX = 1_024
const PARTS_MAX = 20

/** A field's text, or a file's bytes, which are a view of the body. */
export type Fields = Record<string, string | Buffer>

/**
 * Reads a multipart/form-data body (RFC 7578). A part with a file name is a file. Answers what is wrong with one that is broken,
 * has more than 20 parts, or names a field twice. Looks at every byte once: general readers can be kept busy for seconds with
 * a body of ten megabytes that is nothing but parts or headers.
 */
export function readMultipart(contentType: string, body: Buffer): { fields: Fields } | { fault: string } {
  const [, quoted, plain] = CONTENT_TYPE.exec(contentType) ?? []
  const broken = { fault: 'is no readable multipart/form-data' }
  const boundary = quoted ?? plain
  if (boundary === undefined) return broken
  const fields: Fields = Object.create(null)
  const line = `--${boundary}`
  let at = body.indexOf(line)
  // A preamble ends with its line.
  if (at > 0 && body.toString('latin1', at - 2, at) !== '\r\n') return broken
  for (let parts = 0; at !== -1; parts++) {
    const after = at + line.length
    const mark = body.toString('latin1', after, after + 2)
    if (mark === '--') return { fields }
    if (mark !== '\r\n') return broken
    if (parts === PARTS_MAX) return { fault: `has more than ${PARTS_MAX} fields` }
    const headersAt = after + 2
    const head = body.subarray(headersAt, headersAt + HEADERS_BYTES_MAX)
    const headersEnd = head.indexOf('\r\n\r\n')
    const named = headersEnd === -1 ? null : readName(head.toString('utf8', 0, headersEnd))
    const dataAt = headersAt + headersEnd + 4
    const dataEnd = body.indexOf(`\r\n${line}`, dataAt)
    if (named === null || dataEnd === -1) return broken
    if (named.name in fields) return { fault: `names ${named.name.slice(0, 50)} twice` }
    const data = body.subarray(dataAt, dataEnd)
    fields[named.name] = named.isFile ? data : data.toString('utf8')
    at = dataEnd + 2
  }
  return broken
}

/** What a part's headers say of it; null when they are not those of a form. */
function readName(headers: string): { name: string; isFile: boolean } | null {
  const disposition = headers.split('\r\n').find((header) => /^content-disposition:\s*form-data\s*;/i.test(header))
  const name = /;\s*name=(?:"([^"]*)"|([^\s;"]+))/i.exec(disposition ?? '')
  if (!disposition || !name) return null
  // What a name cannot hold as it is: RFC 7578 writes it so.
  const plain = (name[1] ?? name[2]!).replaceAll(/%(22|0D|0A)/gi, (escape) => decodeURIComponent(escape))
  return { name: plain, isFile: /;\s*filename\*?=/i.test(disposition) }
}
