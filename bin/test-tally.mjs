import { relative } from 'node:path'

/** A reporter for node's test runner: one JSON object with the counts and the names of what was skipped. */
export default async function* tally(events) {
  let passed = 0
  let failed = 0
  const skipped = []
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || (data.details && data.details.type === 'suite')) continue
    if (type === 'test:fail') failed++
    else if (data.skip === undefined && data.todo === undefined) passed++
    else
      skipped.push(
        `${relative('.', data.file || '')}: ${data.name} (${[data.skip, data.todo].find(isText) || 'no reason given'})`,
      )
  }
  yield JSON.stringify({ passed, failed, skipped })
}

function isText(value) {
  return typeof value === 'string' && value !== ''
}
