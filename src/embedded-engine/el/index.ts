export {
  CoercionError,
  ExpressionError,
  ExpressionSyntaxError,
  UnresolvedNameError,
} from './expression.errors.js';
export { compileExpression } from './expression.compiler.js';
export type { CompiledExpression, ExpressionScope } from './expression.types.js';
export { ElObject } from './el-object.js';
export { SpinJson, type JsonValue } from './spin-json.js';
export {
  asDouble,
  asLong,
  isElNumber,
  numberTypeOf,
  numberValueOf,
  TypedNumber,
  type ElNumber,
  type NumberType,
} from './typed-number.js';
