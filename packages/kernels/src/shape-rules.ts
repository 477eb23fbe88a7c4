import type { Shape } from '@lapstrake/core'

/**
 * Refuses inputs that are not of the shapes they should have.
 *
 * @param who asks, as the descriptor is called
 */
export function expectShapes(
  who: string,
  inputs: Readonly<Record<string, Shape>>,
  expected: Readonly<Record<string, Shape>>
): void {
  for (const [name, wanted] of Object.entries(expected)) {
    const shape = inputs[name]!
    if (shape.join() !== wanted.join()) {
      throw new Error(`${who}: expected ${name} of shape [${wanted.join(', ')}], got [${shape.join(', ')}].`)
    }
  }
}

/** The shape that all inputs have alike; any other is refused. */
export function sameShape(who: string, inputs: Readonly<Record<string, Shape>>): Shape {
  const [first] = Object.values(inputs) as [Shape]
  expectShapes(who, inputs, Object.fromEntries(Object.keys(inputs).map(name => [name, first])))
  return first
}

type MapShape = readonly [batch: number, height: number, width: number, channels: number]

/** The shape of maps `[batch, height, width, channels]`; any other is refused. */
export function mapShape(who: string, name: string, shape: Shape): MapShape {
  if (shape.length !== 4) {
    throw new Error(
      `${who}: expected ${name} of shape [batch, height, width, channels], got [${shape.join(', ')}]. ` +
        'Give rows a height and a width of 1.'
    )
  }
  return shape as MapShape
}
