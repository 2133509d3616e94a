import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratch } from './db/members.ts'
import { run } from '../process/program.ts'

const COUNT = fileURLToPath(new URL('count-threads.cjs', import.meta.url))

test(
  'files and look-ups have more threads than pictures can keep, unless the operator says how many',
  {
    skip: process.platform !== 'linux' && 'threads are counted where the system lists them',
  },
  async (t) => {
    const args = ['link', 'https://item.taobao.com/item.htm?id=61234567']
    const poolOf = async (size: string) => {
      const env = { NODE_OPTIONS: `--require=${COUNT}`, UV_THREADPOOL_SIZE: size }
      return (await run(scratch(t), args, env)).stderr
    }
    assert.deepEqual([await poolOf(''), await poolOf('3')], ['pool of 12\n', 'pool of 3\n'])
  },
)
