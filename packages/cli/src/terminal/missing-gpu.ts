import { existsSync } from 'node:fs'

/** Where Linux shows a GPU: to Mesa, to NVIDIA's driver, inside WSL, on Arm boards. */
const devices = ['/dev/dri', '/dev/nvidiactl', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0']

/** Whether there can be a GPU. Without one, WebGPU has nothing but software, which is refused anyway. */
export const canHaveGpu = (): boolean => process.platform !== 'linux' || devices.some(device => existsSync(device))

/**
 * Answers in the name of WebGPU that there is no GPU: Vulkan and Dawn would find the same, with lines of complaint on
 * stderr.
 */
export function answerForMissingGpu(): void {
  if (canHaveGpu()) return
  // Node has a navigator since 21.
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
  Object.defineProperty(globalThis.navigator, 'gpu', {
    value: { requestAdapter: async () => null },
    configurable: true
  })
}
