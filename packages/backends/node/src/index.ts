export { registerNode, type NodeOptions } from './register-node.ts'
