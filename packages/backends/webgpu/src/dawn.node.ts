import { create, globals } from 'webgpu'

/** Gives Node the GPU that browsers have, through Dawn. */
export async function startDawn(): Promise<unknown> {
  Object.assign(globalThis, globals)
  const gpu: unknown = create([])
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true })
  return gpu
}
