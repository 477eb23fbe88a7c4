export { openCifar10, openCifar100 } from './datasets/cifar.ts'
export { openPartOfFolder } from './datasets/part-of-folder.ts'
export { openFashionMnist, openMnist } from './datasets/mnist.ts'
export { openWebDataset, shardsIn } from './datasets/web-dataset.ts'
