import type { Shape } from '@lapstrake/core'
import protobuf from 'protobufjs/light.js'

/** A tensor of a model: float32, int32, int64 or bool by the kind of its numbers. */
export interface Initializer {
  readonly name: string
  readonly shape: Shape
  readonly values: Float32Array | Int32Array | BigInt64Array | Uint8Array
}

export type Attribute = number | { readonly float: number } | string | readonly number[]

export interface Node {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A name, and the shape with words for lengths that are left open. */
export interface Port {
  readonly name: string
  readonly shape: readonly (number | string)[]
}

export interface Model {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly initializers: readonly Initializer[]
  readonly input: Port
  readonly output: Port
  readonly metadata: Readonly<Record<string, string>>
}

/** The numbers that stand for types. */
export const types = { float32: 1, int32: 6, int64: 7, bool: 9, double: 11 } as const

/** What protobuf can say the length of. */
const mostBytes = 2 ** 31 - 1

/**
 * The bytes of an ONNX file, operators of set 17.
 *
 * @throws RangeError if it would be larger than such a file can be
 */
export function encodeModel({ name, nodes, initializers, input, output, metadata }: Model): Uint8Array {
  const bytes = initializers.reduce((sum, { values }) => sum + values.byteLength, 0)
  if (bytes > mostBytes)
    throw new RangeError(
      'toOnnx: expected weights of at most 2.1 GB, which is what an ONNX file holds, ' +
        `got ${(bytes / 1e9).toFixed(1)} GB. Export a smaller network.`
    )
  const model = {
    irVersion: 8,
    producerName: 'lapstrake',
    opsetImport: [{ domain: '', version: 17 }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      node: nodes.map(({ op, inputs, outputs, attributes }, i) => ({
        name: `${op}${i}`,
        opType: op,
        input: inputs,
        output: outputs,
        attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...encoded(value) }))
      })),
      initializer: initializers.map(({ name, shape, values }) => ({
        name,
        dims: shape,
        dataType: types[kindOf(values)],
        rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      })),
      input: [port(input)],
      output: [port(output)]
    }
  }
  return schema.lookupType('ModelProto').encode(model).finish()
}

const kindOf = (values: Initializer['values']): keyof typeof types =>
  values instanceof Float32Array
    ? 'float32'
    : values instanceof Int32Array
      ? 'int32'
      : values instanceof Uint8Array
        ? 'bool'
        : 'int64'

function encoded(value: Attribute): object {
  if (typeof value === 'number') return { type: 2, i: value }
  if (typeof value === 'string') return { type: 3, s: new TextEncoder().encode(value) }
  return 'float' in value ? { type: 1, f: value.float } : { type: 7, ints: value }
}

const port = ({ name, shape }: Port): object => ({
  name,
  type: {
    tensorType: {
      elemType: types.float32,
      shape: { dim: shape.map(length => (typeof length === 'number' ? { dimValue: length } : { dimParam: length })) }
    }
  }
})

const one = (id: number, type: string): object => ({ id, type })
const many = (id: number, type: string): object => ({ id, type, rule: 'repeated' })

// What is written here of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3, under the numbers there.
const schema = protobuf.Root.fromJSON({
  options: { syntax: 'proto3' },
  nested: {
    ModelProto: {
      fields: {
        irVersion: one(1, 'int64'),
        producerName: one(2, 'string'),
        graph: one(7, 'GraphProto'),
        opsetImport: many(8, 'OperatorSetIdProto'),
        metadataProps: many(14, 'StringStringEntryProto')
      }
    },
    OperatorSetIdProto: { fields: { domain: one(1, 'string'), version: one(2, 'int64') } },
    StringStringEntryProto: { fields: { key: one(1, 'string'), value: one(2, 'string') } },
    GraphProto: {
      fields: {
        node: many(1, 'NodeProto'),
        name: one(2, 'string'),
        initializer: many(5, 'TensorProto'),
        input: many(11, 'ValueInfoProto'),
        output: many(12, 'ValueInfoProto')
      }
    },
    NodeProto: {
      fields: {
        input: many(1, 'string'),
        output: many(2, 'string'),
        name: one(3, 'string'),
        opType: one(4, 'string'),
        attribute: many(5, 'AttributeProto')
      }
    },
    AttributeProto: {
      fields: {
        name: one(1, 'string'),
        f: one(2, 'float'),
        i: one(3, 'int64'),
        s: one(4, 'bytes'),
        ints: many(8, 'int64'),
        type: one(20, 'int32')
      }
    },
    TensorProto: {
      fields: { dims: many(1, 'int64'), dataType: one(2, 'int32'), name: one(8, 'string'), rawData: one(9, 'bytes') }
    },
    ValueInfoProto: { fields: { name: one(1, 'string'), type: one(2, 'TypeProto') } },
    TypeProto: {
      fields: { tensorType: one(1, 'TensorType') },
      nested: { TensorType: { fields: { elemType: one(1, 'int32'), shape: one(2, 'TensorShapeProto') } } }
    },
    TensorShapeProto: {
      fields: { dim: many(1, 'Dimension') },
      nested: { Dimension: { fields: { dimValue: one(1, 'int64'), dimParam: one(2, 'string') } } }
    }
  }
} as protobuf.INamespace)
