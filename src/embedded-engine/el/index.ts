export {
  CoercionError,
  ExpressionError,
  ExpressionSyntaxError,
  UnresolvedMethodError,
  UnresolvedNameError,
} from './expression.errors.js';
export { compileExpression } from './expression.compiler.js';
export type { CompiledExpression, ExpressionScope } from './expression.types.js';
export { ElObject } from './el-object.js';
export type { JsonValue } from './json-value.js';
export { SpinJson } from './spin-json.js';
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
