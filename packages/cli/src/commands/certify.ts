import { certify, LacksPart, sayCertificate, useBackend, type BackendName, type CertificateOptions } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { dataNames } from './data-by-name.ts'
import { dataOfRun } from './data-of-run.ts'
import { openRun } from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export const certifyCommand: Command = command({
  meta: {
    name: 'certify',
    description: 'Bounds the contrastive risk of a run with stochastic stages, from the data it learnt from.'
  },
  args: {
    run: { type: 'positional', required: true, description: 'The folder of a run whose recipe has a certificate' },
    data: {
      type: 'string',
      description:
        `${dataNames.join(', ')}, or a folder of images, in place of the run's own data where that lies ` + 'elsewhere'
    },
    confidence: {
      type: 'string',
      default: '95',
      description: 'Percent; a fifth of the rest goes to the draws of the weights'
    },
    draws: {
      type: 'string',
      default: '2000',
      description: 'Draws of the weights, at least; where the sample has fewer tuples, one for each'
    },
    'plug-in': {
      type: 'boolean',
      default: false,
      description: 'Pay nothing for the draws: an estimate, as published figures are'
    },
    seed: { type: 'string', default: '0', description: 'Decides the tuples, their views and the draws' },
    json: { type: 'boolean', default: false, description: 'Print the certificate as JSON' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const confidence = Number(args.confidence)
      if (!(confidence >= 50 && confidence < 100))
        throw new Error(`--confidence: expected percent from 50 to below 100, such as 95, got ${args.confidence}.`)
      const [draws, seed] = [wholeNumber('--draws', args.draws, 1), wholeNumber('--seed', args.seed, 0)]
      process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
      const run = await openRun(args.run)
      run.notes.forEach(note => process.stderr.write(`${note}\n`))
      const { experiment, network, trained } = run
      const train = await dataOfRun(run, 'train', args.data)
      const testing = await dataOfRun(run, 'test', args.data).catch((error: unknown) => {
        // What is bounded needs no other data; those only measure it.
        if (!(error instanceof LacksPart)) throw error
        process.stderr.write(`There is nothing to measure the risk on unseen data with. ${error.message}\n`)
        return undefined
      })
      const failure = 1 - confidence / 100
      const plugIn = args['plug-in']
      const certificate = await certify({
        experiment,
        certificate: run.exports.certificate as CertificateOptions,
        network,
        variables: trained,
        training: train,
        testing,
        draws,
        seed,
        plugIn,
        delta: plugIn ? failure : 0.8 * failure,
        drawsDelta: 0.2 * failure,
        onProgress: (done, total) => {
          if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2KDrawing weights: ${done}/${total}`)
        }
      })
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
      if (args.json) process.stdout.write(`${JSON.stringify(certificate)}\n`)
      else {
        const { complexity, sampleSize, draws: drawn, empiricalRisk, risk, bound, testRisk } = certificate
        const guess = bound < 0.5 ? '' : ' It does not exclude guessing, which errs half the time.'
        process.stdout.write(
          `${sayCertificate(certificate)}${guess}\n\n${table(
            ['of the contrastive zero-one risk', ''],
            [
              ['bound', bound.toFixed(4)],
              ['by guessing', '0.5000'],
              ['on unseen data, measured', testRisk?.toFixed(4) ?? 'no such data'],
              ['on the sample, mean of the draws', empiricalRisk.toFixed(4)],
              [`on the sample, at most (${drawn} draws${drawn < draws ? ', one a tuple' : ''})`, risk.toFixed(4)],
              ['distance from the prior, nats', complexity.divergence.toFixed(1)],
              ['choice of the prior and certainty, nats', complexity.union.toFixed(1)],
              ['tuples in the sample', String(sampleSize)]
            ]
          )}\n`
        )
      }
      process.exit(0)
    })
})
