import type { Shape } from '@lapstrake/core'
import { attributesOf, type Call } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import type { Graph } from '../graph.ts'
import { open, refuseBatch } from '../lengths.ts'
import type { Attribute } from '../model-file.ts'

type Four = [number, number, number, number]

/** A window that slides over maps, as ONNX describes it. */
export interface Window {
  readonly kernel: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly dilations: readonly [number, number]
  /** At the top, the left, the bottom and the right, as the window's last place needs them, however it was rounded. */
  readonly pads: readonly [number, number, number, number]
  /** Height and width of the maps that come out. */
  readonly gives: readonly [number, number]
  /** There are more places: along the width TensorFlow.js counts by a window's height, if the padding is a number. */
  readonly hasMore: boolean
}

interface WindowAttrs {
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dilations?: number | [number, number] | undefined
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | undefined
  readonly dataFormat?: 'NHWC' | 'NCHW' | undefined
}

/** How a window of a kernel slides over maps of a shape. */
export function windowOf({ kernel, attrs }: Call, shape: Shape, filter: Shape, isDepthwise: boolean): Window {
  if (shape.slice(1).includes(open)) refuseBatch(kernel)
  const { strides, pad, dilations = 1, dimRoundingMode, dataFormat } = attributesOf<WindowAttrs>(attrs)
  const {
    padInfo: { top, left },
    ...found
  } = tf.backend_util.computeConv2DInfo(
    [1, ...shape.slice(1)] as Four,
    filter as Four,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    isDepthwise,
    dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast'
  )
  const behind = (places: number, stride: number, size: number, before: number, length: number): number =>
    (places - 1) * stride + size - before - length
  const [down, across] = [
    behind(found.outHeight, found.strideHeight, found.effectiveFilterHeight, top, found.inHeight),
    behind(found.outWidth, found.strideWidth, found.effectiveFilterWidth, left, found.inWidth)
  ]
  return {
    kernel: [found.filterHeight, found.filterWidth],
    strides: [found.strideHeight, found.strideWidth],
    dilations: [found.dilationHeight, found.dilationWidth],
    pads: [top, left, Math.max(0, down), Math.max(0, across)],
    hasMore: -down >= found.strideHeight || -across >= found.strideWidth,
    gives: [found.outHeight, found.outWidth]
  }
}

/** Slides a window over maps whose channels stand first. */
export function slide(graph: Graph, op: string, inputs: readonly string[], window: Window, others?: Others): string {
  const { kernel, strides, pads, gives, hasMore } = window
  const maps = graph.add(op, inputs, { kernel_shape: kernel, strides, pads, ...others })
  if (!hasMore) return maps
  return graph.add('Slice', [maps, graph.integers([0, 0]), graph.integers(gives), graph.integers([2, 3])])
}

type Others = Readonly<Record<string, Attribute>>
