// Bundlers resolve this file: a browser has a GPU of its own, or none.
export const startDawn = async (): Promise<unknown> => {
  throw new Error('this browser has no WebGPU')
}
