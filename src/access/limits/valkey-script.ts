import { givenBack, WINDOW_MS_MAX, type Standing, type Take, type WindowRule } from './limit-store.ts'

/** Calls of one slot under the same rules, to be decided in their order. */
export type Group = { slot: string; rules: readonly WindowRule[]; waiting: ((take: Take) => void)[] }
/** One unit of one window that is given back. */
export type Gift = { slot: string; standing: Standing }

export type ScriptInput = { keys: string[]; args: (string | number)[] }

const PREFIX = 'openhaul:window:'
/** Where a window stands in the value of its slot: when it began, and behind that what is used. */
const PLACE = { second: 1, minute: 3 } as const

/**
 * Takes gifts, then decides groups, all in one turn of the server and by its clock. A slot is one value of four doubles, low
 * byte first: begin and use of the second, begin and use of the minute. KEYS: the slots of the gifts, then those of the
 * groups. ARGV: the keys' life, the number of gifts, and three lists of numbers: of the gifts, place and begin of the window;
 * of the rules, set by set, their number and the place, length and max of each; of the groups, their calls and their set.
 * Answers the time, and for each group how many of its calls pass, the rule that stops the others (-1: none), and begin and
 * use of each window before them.
 */
export const WINDOW_SCRIPT = `
local ttl, gifts = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function numbers(text)
  local list, n = {}, 0
  for digits in string.gmatch(text, '%d+') do
    n = n + 1
    list[n] = tonumber(digits)
  end
  return list
end
local given, rules, asked = numbers(ARGV[3]), numbers(ARGV[4]), numbers(ARGV[5])
local sets, at = {}, 1
while rules[at] do
  sets[#sets + 1] = at
  at = at + 1 + 3 * rules[at]
end

local values = redis.call('MGET', unpack(KEYS))
local windows, changed = {}, {}
local function read(k)
  local key = KEYS[k]
  local w = windows[key]
  if not w then
    w = values[k] and {struct.unpack('<dddd', values[k])} or {0, 0, 0, 0}
    windows[key] = w
  end
  return w, key
end

for k = 1, gifts do
  local w, key = read(k)
  local place, started = given[2 * k - 1], given[2 * k]
  if w[place] == started and w[place + 1] > 0 then
    w[place + 1] = w[place + 1] - 1
    changed[key] = true
  end
end

local out, n = {now}, 1
for k = gifts + 1, #KEYS do
  local w, key = read(k)
  local group = 2 * (k - gifts)
  local calls, first = asked[group - 1], sets[asked[group]]
  local last = first + 3 * rules[first]
  local allowed, denied, head = calls, -1, n
  n = n + 2
  out[n] = 0
  for r = first + 1, last, 3 do
    local place, length = rules[r], rules[r + 1]
    if w[place + 1] == 0 or now - w[place] >= length then
      w[place], w[place + 1] = now, 0
    elseif now < w[place] then
      w[place], changed[key] = now, true
    end
    local left = math.max(0, rules[r + 2] - w[place + 1])
    if left < allowed then allowed, denied = left, (r - first - 1) / 3 end
    out[n + 1], out[n + 2] = w[place], w[place + 1]
    n = n + 2
  end
  out[head + 1], out[head + 2] = allowed, denied
  if allowed > 0 then
    for r = first + 1, last, 3 do w[rules[r] + 1] = w[rules[r] + 1] + allowed end
    changed[key] = true
  end
end

for key in pairs(changed) do
  local w = windows[key]
  redis.call('SET', key, struct.pack('<dddd', w[1], w[2], w[3], w[4]), 'PX', ttl)
end
return out
`

/** What the script is given for these gifts and groups, of which there is at least one. */
export function scriptInput(gifts: readonly Gift[], groups: readonly Group[]): ScriptInput {
  const keys: string[] = []
  let given = ''
  for (const { slot, standing } of gifts) {
    keys.push(PREFIX + slot)
    given += `${PLACE[standing.rule.name]} ${standing.startedAtMs} `
  }
  // Few plans, many slots: each set of rules is told once.
  const sets = new Map<readonly WindowRule[], number>()
  let rulesText = ''
  let asked = ''
  for (const { slot, rules, waiting } of groups) {
    keys.push(PREFIX + slot)
    let set = sets.get(rules)
    if (set === undefined) {
      sets.set(rules, (set = sets.size + 1))
      rulesText += `${rules.length} `
      for (const { name, windowMs, max } of rules) rulesText += `${PLACE[name]} ${windowMs} ${max} `
    }
    asked += `${waiting.length} ${set} `
  }
  return { keys, args: [WINDOW_MS_MAX, gifts.length, given, rulesText, asked] }
}

/** Tells everyone who waits in these groups what the script decided. */
export function settleGroups(groups: readonly Group[], answer: readonly number[]): void {
  const nowMs = answer[0]!
  let at = 1
  for (const { rules, waiting } of groups) {
    const allowed = answer[at]!
    const denied = answer[at + 1]!
    const windows = at + 2
    for (let call = 0; call < waiting.length; call++) {
      const passes = call < allowed
      const before = passes ? call + 1 : allowed
      const standings = rules.map((rule, index): Standing => {
        const startedAtMs = answer[windows + 2 * index]!
        const used = answer[windows + 2 * index + 1]! + before
        const resetMs = startedAtMs + rule.windowMs - nowMs
        return { rule, max: rule.max, remaining: Math.max(0, rule.max - used), resetMs, startedAtMs }
      })
      waiting[call]!({ denied: passes ? -1 : denied, standings })
    }
    at = windows + 2 * rules.length
  }
}

/** The gifts of a call that is given back. */
export function giftsOf(slot: string, take: Take, which: 'all' | 'longer'): Gift[] {
  return givenBack(take, which).map((standing) => ({ slot, standing }))
}
