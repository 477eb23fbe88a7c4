import { FileFault } from '../datasets/file-fault.ts'

/**
 * What an address answers.
 *
 * @throws FileFault if it cannot be reached, or has nothing there
 */
export async function fetchBytes(address: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw new FileFault('it cannot be reached', { cause })
  })
  if (!response.ok) throw new FileFault(`its server answers ${response.status} ${response.statusText}`.trimEnd())
  return new Uint8Array(await response.arrayBuffer())
}
