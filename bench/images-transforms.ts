// A process of its own: the transforms draw SVG and open files, which the product forbids the decoder in its own process.
import { createHash } from 'node:crypto'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export type TransformOrder = { id: number; folder: string; files: readonly string[]; file: string; transform: string }
export type TransformAnswer = { id: number; bytes: Uint8Array } | { id: number; error: string }

type Transforms = {
  TRANSFORMS: readonly string[]
  apply(file: string, transform: string, seed: number, other: (part: number) => string): Promise<Uint8Array>
}

let loaded: Promise<Transforms> | null = null

/** The transforms that come with the pictures. They have no packages of their own, so `sharp` is ours. */
export function loadTransforms(folder: string): Promise<Transforms> {
  return (loaded ??= importTransforms(folder))
}

async function importTransforms(folder: string): Promise<Transforms> {
  const url = import.meta.resolve('sharp')
  registerHooks({
    resolve: (name, context, next) => (name === 'sharp' ? { url, shortCircuit: true } : next(name, context)),
  })
  return (await import(pathToFileURL(join(folder, 'transforms.ts')).href)) as Transforms
}

process.on('message', ({ id, folder, files, file, transform }: TransformOrder) => {
  const path = (name: string) => join(folder, name)
  const seed = createHash('sha256').update(`${file} ${transform}`).digest().readUInt32LE(0)
  loadTransforms(folder)
    .then(({ apply }) => apply(path(file), transform, seed, (part) => path(files[Math.floor(part * files.length)]!)))
    .then((bytes) => process.send!({ id, bytes } satisfies TransformAnswer))
    .catch((error: Error) => process.send!({ id, error: error.message } satisfies TransformAnswer))
})
