import { tensorsOf } from '@lapstrake/core'

/** The numbers of a tensor, or of all tensors of a tree, on the host. For tests: it waits for the device. */
export const read = (tree: unknown): number[] => tensorsOf(tree).flatMap(tensor => [...tensor.dataSync()])
