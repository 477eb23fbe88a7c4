export { dataFolders, download, type Download } from './datasets/download.ts'
export { openImageFolder, type OpenImageFolderOptions } from './datasets/image-folder.ts'
export { openWebDataset, type OpenWebDatasetOptions } from './datasets/web-dataset.ts'
