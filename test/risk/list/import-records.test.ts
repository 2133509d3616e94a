import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorError } from '../../../src/lib/errors.ts'
import { lineCutter } from '../../../src/lib/lines.ts'
import { csvReader, jsonReader, type RecordReader } from '../../../src/risk/list/import-records.ts'

function read(reader: RecordReader, text: string | Buffer) {
  const cutter = lineCutter()
  const lines = [...cutter.push(Buffer.from(text)), ...cutter.end()]
  return [...lines.map((line) => reader.push(line)), reader.end()].filter((record) => record !== null)
}

const csv = (text: string | Buffer) => read(csvReader(['type', 'value']), text)
const json = (text: string | Buffer) => read(jsonReader(), text)

test('cells, quotes and line breaks as RFC 4180 has them', () => {
  const text = [
    '\ufeffType, value ,note\r',
    'email,ada@example.com,\r',
    '',
    '"address","12 ""Old"" Mill, Ely',
    '',
    'CB7 4QA",second line\r',
    'device," id ","a,b"',
    'phone,,',
  ].join('\n')
  assert.deepEqual(csv(text), [
    { line: 2, fields: { type: 'email', value: 'ada@example.com' } },
    { line: 4, fields: { type: 'address', value: '12 "Old" Mill, Ely\n\nCB7 4QA', note: 'second line' } },
    { line: 7, fields: { type: 'device', value: 'id', note: 'a,b' } },
    { line: 8, fields: { type: 'phone' } },
  ])
})

const SECRET = 'ada@example.com'
const broken: [text: string, faults: [line: number, fault: string][]][] = [
  [`email,${SECRET},x,y`, [[2, 'it has 4 cells where the header has 3.']]],
  [`email\nemail,${SECRET},`, [[2, 'it has 1 cells where the header has 3.']]],
  [`email,${SECRET}",x`, [[2, 'a quote stands where none can; double those inside of a cell.']]],
  [`email,"${SECRET}"x,y`, [[2, 'a quote stands where none can; double those inside of a cell.']]],
  [`email,"${SECRET}\nemail,b@example.com,x`, [[2, 'a quote is not closed.']]],
  [`email,"${SECRET}\n${'x'.repeat(64 * 1024)}`, [[2, 'a quote is not closed within 65536 characters.']]],
]
test('a broken record is told by its line and without what it says, and those behind it are read', () => {
  for (const [text, faults] of broken) {
    const records = csv(`type,value,note\n${text}`)
    const told = records.flatMap((record) => ('fault' in record ? [[record.line, record.fault]] : []))
    assert.deepEqual(told, faults, text.slice(0, 100))
    assert.ok(!JSON.stringify(told).includes(SECRET))
  }
  const [, second] = csv(`type,value\nemail,"a"b\nemail,${SECRET}`)
  assert.deepEqual(second, { line: 3, fields: { type: 'email', value: SECRET } })
  assert.deepEqual(csv(Buffer.concat([Buffer.from('type,value\nemail,'), Buffer.of(0xff)])), [
    { line: 2, fault: 'the line is not UTF-8.' },
  ])
})

test('the first line names the columns, each once', () => {
  const headers: [string, string][] = [
    ['kind,note\n', 'The first line has to name the columns, and does not name type and value.'],
    ['type,value,type\n', 'The first line names the column type twice.'],
    ['type,va"lue\n', 'The header cannot be read: a quote stands where none can; double those inside of a cell.'],
  ]
  for (const [text, message] of headers) {
    assert.throws(
      () => csv(text),
      (error) => error instanceof OperatorError && error.message === message,
    )
  }
})

test('one object a line', () => {
  const text = [
    '{"type":"email","value":" ada@example.com ","amount":5,"note":null,"date":""}',
    ' ',
    `{"value":"${SECRET}`,
    `["${SECRET}"]`,
    `{"value":["${SECRET}"]}`,
  ].join('\r\n')
  assert.deepEqual(json(text), [
    { line: 1, fields: { type: 'email', value: 'ada@example.com', amount: '5' } },
    { line: 3, fault: 'the line is not JSON.' },
    { line: 4, fault: 'the line is no object.' },
    { line: 5, fault: 'every field is a text or a number.' },
  ])
})
