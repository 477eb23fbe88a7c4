import { endToEnd, greedy, overlapping, type Isolation } from 'lapstrake'

/** One way of learning that takes part. */
export interface Lane {
  readonly name: string
  /** What its gradients do, in a line. */
  readonly says: string
  /** Its recipe's page. */
  readonly recipe: string
  readonly isolation: Isolation
}

/** From no gradient beyond a stage to one through all of them. */
export const lanes: readonly Lane[] = [
  {
    name: 'greedy',
    says: 'A loss for every stage, and no gradient beyond it.',
    recipe: '02-greedy-infomax',
    isolation: greedy()
  },
  {
    name: 'windows of two',
    says: 'A loss for every two stages, one shared with the next.',
    recipe: '03-loco',
    isolation: overlapping()
  },
  {
    name: 'windows of three',
    says: 'A loss for every three stages, two shared with the next.',
    recipe: '03-loco',
    isolation: overlapping({ size: 3 })
  },
  {
    name: 'end-to-end',
    says: 'One loss at the top, one gradient all the way down.',
    recipe: '01-simclr',
    isolation: endToEnd()
  }
]

/** Stages of the network that all of them train. */
export const depth = 6

/** Steps of each lane. */
export const steps = 240
