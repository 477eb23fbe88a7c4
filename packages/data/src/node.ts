export { dataFolders, download, type Download } from './datasets/download.ts'
export { openImageFiles, type OpenImageFilesOptions } from './datasets/image-files.ts'
export { openImageFolder, type OpenImageFolderOptions } from './datasets/image-folder.ts'
export { openWebDataset, type OpenWebDatasetOptions } from './datasets/web-dataset.ts'
