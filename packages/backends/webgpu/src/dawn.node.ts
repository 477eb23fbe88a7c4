import { create, globals } from 'webgpu'
import { canHaveAdapter } from './vulkan-drivers.ts'

/**
 * Gives Node the GPU that browsers have, through Dawn. Where there can be none Dawn is not asked, and may be later.
 *
 * @param acceptSoftware whether an adapter in software will do
 */
export async function startDawn(acceptSoftware: boolean): Promise<unknown> {
  if (!canHaveAdapter(acceptSoftware)) return { requestAdapter: async () => null }
  Object.assign(globalThis, globals)
  const gpu: unknown = create([])
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true })
  return gpu
}
