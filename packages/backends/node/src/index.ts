export { registerNode, type RegisterNodeOptions } from './register-node.ts'
