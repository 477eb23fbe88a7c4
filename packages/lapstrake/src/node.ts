export * from '@lapstrake/checkpoints'
export * from '@lapstrake/checkpoints/node'
export * from '@lapstrake/data/node'
export * from '@lapstrake/tensorboard'
