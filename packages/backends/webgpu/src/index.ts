export { registerWebGPU, type WebGPUOptions } from './register-webgpu.ts'
