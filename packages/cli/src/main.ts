#!/usr/bin/env node
import { defineCommand, runMain } from 'citty'
import { stopQuietly } from './stop-quietly.ts'

const main = defineCommand({
  meta: { name: 'lapstrake', description: 'Trains networks in short, overlapping local units.' },
  subCommands: {
    train: async () => (await import('./train-command.ts')).trainCommand,
    evaluate: async () => (await import('./evaluate-command.ts')).evaluateCommand,
    certify: async () => (await import('./certify-command.ts')).certifyCommand,
    doctor: async () => (await import('./doctor-command.ts')).doctorCommand,
    quickstart: async () => (await import('./quickstart-command.ts')).quickstartCommand
  }
})

stopQuietly()
await runMain(main)
