// Here, where they are used, and not in index.ts: bundlers go past a file that only hands on the names of others.
import './register-gradients.js'
import * as tf from '@tensorflow/tfjs-core'
import { checkOptions } from './options.ts'
import { freeNode, record, type TapeNode } from './tfjs-internals.ts'

/** One cotangent for each output; an absent one counts as zero and costs nothing. */
export type Cotangents = readonly (tf.Tensor | undefined)[]

export interface PullOptions {
  /** Free what was saved for the backward pass on the way down: nothing can be pulled afterwards. */
  readonly last?: boolean | undefined
  /** Take the cotangents as well: each is freed as soon as it is used. */
  readonly consume?: boolean | undefined
}

/** A function that has run once and waits to be differentiated. */
export interface Vjp<A> {
  /** The results of the function; the caller's own. */
  readonly outputs: readonly tf.Tensor[]
  /** Whatever else it returned, not differentiated; its new tensors are the caller's own. */
  readonly aux: A
  /**
   * The vector-Jacobian products for the inputs in `wanted`, each in the shape of its input and the caller's own;
   * `undefined` for an input that no cotangent reaches. Work that only other inputs need is not done.
   */
  pull(cotangents: Cotangents, wanted: readonly tf.Tensor[], options?: PullOptions): (tf.Tensor | undefined)[]
  /** Frees what was saved for the backward pass. The outputs stay. */
  dispose(): void
}

/**
 * Runs `f` once and remembers how to pull cotangents of its outputs back to `inputs`, any number of times.
 *
 * Tensors made outside `f` that are not in `inputs` are constants: no gradient passes through them. Comparisons and
 * other operations with results that are not float32 are constants too. When `f` throws, nothing is left behind.
 */
export function vjp<A>(
  f: () => { readonly outputs: readonly tf.Tensor[]; readonly aux: A },
  inputs: readonly tf.Tensor[]
): Vjp<A> {
  const { result, tape } = record(() => {
    const { outputs, aux } = f()
    // An output that is an input, as the identity gives, becomes a tensor of its own that can be freed on its own.
    return { outputs: outputs.map(output => tf.clone(output)), aux }
  })
  const { outputs, aux } = result
  let nodes = onPath(tape, inputs, outputs)

  return {
    outputs,
    aux,
    pull(cotangents, wanted, options = {}) {
      checkOptions<PullOptions>('pull', options, { last: 'boolean', consume: 'boolean' })
      const { last = false, consume = false } = options
      if (nodes === undefined)
        throw new Error(
          'vjp: expected a pull before the last one, got one after it. Pull with { last: true } only once, at the end.'
        )
      const pulled = backward(
        nodes,
        outputs,
        consume ? cotangents : cotangents.map(tensor => tensor && tf.clone(tensor)),
        wanted,
        last
      )
      if (last) nodes = undefined
      return pulled
    },
    dispose() {
      nodes?.forEach(freeNode)
      nodes = undefined
    }
  }
}

const isDifferentiable = (tensor: tf.Tensor): boolean => tensor.dtype === 'float32'

/** The ids of all tensors that depend on `roots`. */
function dependants(nodes: readonly TapeNode[], roots: readonly tf.Tensor[]): Set<number> {
  const reached = new Set(roots.map(({ id }) => id))
  for (const { inputs, outputs } of nodes) {
    if (Object.values(inputs).some(({ id }) => reached.has(id))) {
      for (const output of outputs) if (isDifferentiable(output)) reached.add(output.id)
    }
  }
  return reached
}

/** The nodes between inputs and outputs. What the others saved is freed at once. */
function onPath(
  tape: readonly TapeNode[],
  inputs: readonly tf.Tensor[],
  outputs: readonly tf.Tensor[]
): readonly TapeNode[] | undefined {
  const fromInputs = dependants(tape, inputs)
  const toOutputs = new Set(outputs.map(({ id }) => id))
  const path: TapeNode[] = []
  for (const node of [...tape].reverse()) {
    const matters = node.outputs.some(({ id }) => toOutputs.has(id) && fromInputs.has(id))
    if (matters) {
      for (const { id } of Object.values(node.inputs)) toOutputs.add(id)
      path.push(node)
    } else freeNode(node)
  }
  return path
}

/** Walks the nodes, last first, and frees each gradient after its last use, the cotangents among them. */
function backward(
  nodes: readonly TapeNode[],
  outputs: readonly tf.Tensor[],
  cotangents: Cotangents,
  wanted: readonly tf.Tensor[],
  last: boolean
): (tf.Tensor | undefined)[] {
  const reached = dependants([...nodes].reverse(), wanted)
  const gradients = new Map<number, tf.Tensor>()
  const add = (id: number, gradient: tf.Tensor): void => {
    const before = gradients.get(id)
    gradients.set(id, before === undefined ? gradient : tf.add(before, gradient))
    if (before !== undefined) [before, gradient].forEach(tensor => tensor.dispose())
  }

  try {
    outputs.forEach(({ id }, i) => {
      const cotangent = cotangents[i]
      if (cotangent !== undefined) add(id, cotangent)
    })
    const kept = new Set(wanted.map(({ id }) => id))
    for (const node of nodes) {
      const wants = Object.entries(node.inputs).filter(([, input]) => reached.has(input.id) && isDifferentiable(input))
      const arriving = node.outputs.map(({ id }) => gradients.get(id) ?? null)
      if (wants.length > 0 && arriving.some(dy => dy !== null)) {
        const passed = throughNode(
          node,
          arriving,
          wants.map(([name]) => name)
        )
        wants.forEach(([, { id }], i) => add(id, passed[i]!))
      }
      for (const { id } of node.outputs) {
        if (kept.has(id)) continue
        gradients.get(id)?.dispose()
        gradients.delete(id)
      }
      if (last) freeNode(node)
    }
    const pulled = wanted.map(({ id }) => gradients.get(id))
    wanted.forEach(({ id }) => gradients.delete(id))
    return pulled
  } finally {
    gradients.forEach(gradient => gradient.dispose())
    if (last) nodes.forEach(freeNode)
  }
}

/** The gradients of one operation for the inputs named; each a tensor of its own. */
function throughNode(node: TapeNode, arriving: (tf.Tensor | null)[], names: readonly string[]): tf.Tensor[] {
  if (node.gradient === undefined) {
    throw new Error(
      `vjp: expected operations with a gradient, got ${node.kernelName}, which has none. ` +
        'Write it with other operations, or give it a gradient with tf.customGrad.'
    )
  }
  return tf.tidy(() => {
    const gradients = node.gradient!(arriving)
    return names.map(name => {
      const gradient = gradients[name]?.()
      if (gradient === undefined) throw new Error(`vjp: ${node.kernelName} has no gradient for its input ${name}.`)
      // Some operations hand back the very tensor they were given.
      return tf.clone(gradient)
    })
  })
}
