export { ExpressionError, ExpressionSyntaxError } from './expression.errors.js';
export { compileExpression } from './expression.compiler.js';
export type { CompiledExpression, ExpressionScope } from './expression.types.js';
export { ElObject } from './el-object.js';
export { SpinJson } from './spin-json.js';
export { asDouble, asLong, isElNumber, numberTypeOf, numberValueOf, TypedNumber } from './typed-number.js';
