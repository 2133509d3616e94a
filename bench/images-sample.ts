import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadTransforms, type TransformAnswer, type TransformOrder } from './images-transforms.ts'

/** Pictures to search among and the transforms to ask with. */
export type Sample = {
  files: readonly string[]
  transforms: readonly string[]
  read(file: string): Buffer
  /** A picture changed as the transform's name says, encoded; always the same. */
  transform(file: string, transform: string): Promise<Buffer>
  close(): void
}

/** Pictures that show others too: whether the asked one comes first is chance. */
export const isComposite = (transform: string): boolean => /^(?:collage|paste)/.test(transform)

/** Opens a folder with `labels.csv`, the pictures it names, and `transforms.ts`; null when there is none. */
export async function openSample(folder: string): Promise<Sample | null> {
  if (!existsSync(join(folder, 'labels.csv')) || !existsSync(join(folder, 'transforms.ts'))) return null
  const rows = readFileSync(join(folder, 'labels.csv'), 'utf8').trim().split('\n').slice(1)
  const files = rows.map((row) => row.split(',')[0]!)
  const { TRANSFORMS } = await loadTransforms(folder)
  const child = fork(new URL('images-transforms.ts', import.meta.url), { serialization: 'advanced' })
  const waiting = answersOf(child)
  let count = 0
  return {
    files,
    transforms: TRANSFORMS,
    read: (file) => readFileSync(join(folder, file)),
    transform: (file, transform) =>
      new Promise((resolve, reject) => {
        const id = ++count
        waiting.set(id, (answer) => {
          if ('bytes' in answer) resolve(Buffer.from(answer.bytes))
          else reject(new Error(`${transform} of ${file}: ${answer.error}`))
        })
        child.send({ id, folder, files, file, transform } satisfies TransformOrder)
      }),
    close: () => child.disconnect(),
  }
}

function answersOf(child: ChildProcess): Map<number, (answer: TransformAnswer) => void> {
  const waiting = new Map<number, (answer: TransformAnswer) => void>()
  child.on('message', (answer: TransformAnswer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  child.on('exit', (code) => {
    for (const [id, settle] of waiting)
      settle({ id, error: `the process that makes the transforms ended with ${code}` })
  })
  return waiting
}
