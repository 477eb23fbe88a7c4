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

/** The three, as recipes 01 to 03 have them. */
export const lanes: readonly Lane[] = [
  {
    name: 'end-to-end',
    says: 'One loss at the top, one gradient all the way down.',
    recipe: '01-simclr',
    isolation: endToEnd()
  },
  {
    name: 'greedy',
    says: 'A loss for every stage, and no gradient beyond it.',
    recipe: '02-greedy-infomax',
    isolation: greedy()
  },
  {
    name: 'overlapping',
    says: 'A loss for every two stages, each pair sharing one with the next.',
    recipe: '03-loco',
    isolation: overlapping()
  }
]

/** Stages of the network that all three train. */
export const depth = 8
