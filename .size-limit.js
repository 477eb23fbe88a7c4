// What a page loads for each package and all that it stands on, minified and gzipped, beside TensorFlow.js and the
// kernels in `.wasm` files.
const whole = {
  core: '14.5 kB',
  isolation: '1.5 kB',
  scheduler: '0.5 kB',
  kernels: '4.75 kB',
  planner: '22 kB',
  optimizers: '2.75 kB',
  embeddings: '2.5 kB',
  data: '13.5 kB',
  evaluation: '5.75 kB',
  files: '2.5 kB',
  checkpoints: '5.75 kB',
  onnx: '42 kB',
  lapstrake: '98 kB',
  layers: '6 kB',
  'backbones/resnet': '8.5 kB',
  'backends/node': '2 kB',
  'backends/wasm': '24 kB',
  'backends/webgpu': '1.5 kB',
  'losses/cacr': '3.25 kB',
  'losses/cross-entropy': '0.75 kB',
  'losses/distillation': '7.5 kB',
  'losses/info-nce': '4.25 kB',
  'losses/non-contrastive': '2.5 kB',
  'losses/pac-bayes': '5.5 kB',
  'losses/supcon': '3.75 kB'
}
const of = folder => `packages/${folder}/dist/index.js`

export default [
  { name: 'one loss', limit: '3 kB', import: { [of('losses/info-nce')]: '{ ntXent }' } },
  {
    name: 'a trainer, an isolation, a schedule, a loss and an optimizer',
    limit: '15 kB',
    import: {
      [of('core')]: '{ createTrainer, dispose, seeded }',
      [of('isolation')]: '{ overlapping }',
      [of('scheduler')]: '{ sequential }',
      [of('losses/info-nce')]: '{ ntXent }',
      [of('optimizers')]: '{ adamW }'
    }
  },
  ...Object.entries(whole).map(([folder, limit]) => ({ name: `all of ${folder}`, limit, path: of(folder) }))
].map(check => ({
  path: [],
  gzip: true,
  ignore: ['@tensorflow/*'],
  modifyEsbuildConfig: config => ({ ...config, format: 'esm' }),
  ...check
}))
