import webpack from 'webpack'

// webpack's defaults, without its command line.
webpack({ mode: 'production', entry: './train.js' }, (error, stats) => {
  console.log(String(error ?? stats))
  process.exitCode = error || stats.hasErrors() ? 1 : 0
})
