import protobuf from 'protobufjs/light.js'

/** What is written at a step: what there is to see, or that a file begins or a run goes on. */
export interface Event {
  readonly wallTime: number
  readonly step: number
  readonly fileVersion?: string | undefined
  readonly summary?: { readonly value: readonly Summary[] } | undefined
  /** That a run starts here; 1 is `START`. */
  readonly sessionLog?: { readonly status: 1 } | undefined
}

/** One thing to show: a `Summary.Value` of TensorFlow's `summary.proto`. */
export interface Summary {
  readonly tag: string
  readonly simpleValue?: number | undefined
  readonly histo?:
    | {
        readonly min: number
        readonly max: number
        readonly num: number
        readonly sum: number
        readonly sumSquares: number
        /** Where each bar ends. */
        readonly bucketLimit: readonly number[]
        readonly bucket: readonly number[]
      }
    | undefined
  readonly image?:
    | {
        readonly height: number
        readonly width: number
        readonly colorspace: number
        readonly encodedImageString: Uint8Array
      }
    | undefined
}

export const encodeEvent = (event: Event): Uint8Array => schema.lookupType('Event').encode(event).finish()

export const decodeEvent = (bytes: Uint8Array): Event => {
  const type = schema.lookupType('Event')
  // What is left out stands for zero, or for an empty word.
  const { wallTime = 0, step = 0, ...event } = type.toObject(type.decode(bytes), { longs: Number }) as Partial<Event>
  const value = (event.summary?.value ?? []).map(({ tag = '', ...shown }: Partial<Summary>) => ({ tag, ...shown }))
  return { ...event, wallTime, step, summary: event.summary && { value } }
}

const one = (id: number, type: string): object => ({ id, type })
const many = (id: number, type: string): object => ({ id, type, rule: 'repeated' })

// What is written here of TensorFlow's event.proto and summary.proto, under the numbers there.
const schema = protobuf.Root.fromJSON({
  options: { syntax: 'proto3' },
  nested: {
    Event: {
      fields: {
        wallTime: one(1, 'double'),
        step: one(2, 'int64'),
        fileVersion: one(3, 'string'),
        summary: one(5, 'Summary'),
        sessionLog: one(7, 'SessionLog')
      }
    },
    SessionLog: { fields: { status: one(1, 'int32') } },
    Summary: {
      fields: { value: many(1, 'Value') },
      nested: {
        Value: {
          fields: {
            tag: one(1, 'string'),
            simpleValue: one(2, 'float'),
            image: one(4, 'Image'),
            histo: one(5, 'Histogram')
          },
          // So a value of zero is written, too.
          oneofs: { value: { oneof: ['simpleValue', 'image', 'histo'] } }
        },
        Image: {
          fields: {
            height: one(1, 'int32'),
            width: one(2, 'int32'),
            colorspace: one(3, 'int32'),
            encodedImageString: one(4, 'bytes')
          }
        },
        Histogram: {
          fields: {
            min: one(1, 'double'),
            max: one(2, 'double'),
            num: one(3, 'double'),
            sum: one(4, 'double'),
            sumSquares: one(5, 'double'),
            bucketLimit: many(6, 'double'),
            bucket: many(7, 'double')
          }
        }
      }
    }
  }
} as protobuf.INamespace)
