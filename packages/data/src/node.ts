export { cifar10, cifar100, type CifarOptions } from './datasets/cifar.ts'
export { dataFolders, download, type Download, type DownloadProgress } from './datasets/download.ts'
export { imageFolder, type ImageFolderOptions } from './datasets/image-folder.ts'
export { fashionMnist, mnist, type MnistOptions } from './datasets/mnist.ts'
