export { registerWasm, type WasmOptions } from './register-wasm.ts'
