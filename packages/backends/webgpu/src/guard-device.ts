import { DeviceLost, OutOfRoom } from '@lapstrake/core/errors'
import { webgpuBackend } from './webgpu-backend.ts'

/**
 * Makes the current backend say what WebGPU leaves to a console: a buffer beyond the device's limits, which computes
 * zeros, and a device that was lost, whose results are never read.
 *
 * @param most bytes of a buffer, where less is wanted than the device can
 */
export function guardDevice(most: number = Infinity): void {
  const backend = webgpuBackend()
  const { device, bufferManager } = backend
  const limit = Math.min(most, device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  let lost: string | undefined
  const failIfLost = (): void => {
    if (lost === undefined) return
    throw new DeviceLost(
      `backend-webgpu: expected the GPU to stay, but it was lost (${lost}). What it held is gone: ` +
        'go on from the run as it was last kept, or reload the page.'
    )
  }
  device.lost.then(
    ({ reason, message }) => {
      lost = message.trim().replace(/\.$/, '') || (reason ?? 'no reason given')
    },
    () => {}
  )

  const acquire = bufferManager.acquireBuffer.bind(bufferManager)
  bufferManager.acquireBuffer = (size, ...rest) => {
    failIfLost()
    if (size > limit) {
      throw new OutOfRoom(
        `backend-webgpu: expected buffers of at most ${megabytes(limit)} MB, this GPU's limit, ` +
          `got a tensor of ${megabytes(size)} MB. ` +
          'Lower the batch size, or split the loss (chunk) or the batch (microBatch).'
      )
    }
    return acquire(size, ...rest)
  }
  const read = backend.read.bind(backend)
  backend.read = async dataId => {
    try {
      return await read(dataId)
    } catch (error) {
      // The loss is told a little after what waited for the device fails.
      await new Promise(resolve => setTimeout(resolve, 100))
      failIfLost()
      throw error
    }
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
