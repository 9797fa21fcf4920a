import { ElDateTime } from './el-date-time.js';
import { toBoolean, toText } from './coercion.js';
import { ExpressionError, ExpressionSyntaxError, UnresolvedNameError } from './expression.errors.js';
import { LexicalError } from './expression.lexer.js';
import { parseExpression, type ExpressionNode } from './expression.parser.js';
import type { CompiledExpression, ExpressionScope } from './expression.types.js';
import { callMethod, readMember, requireTarget } from './members.js';
import { describeNode } from './node.description.js';
import { arithmetic, compare, isEmpty, negate } from './operators.js';
import { SpinJson } from './spin-json.js';
import { asDouble, asLong } from './typed-number.js';

type Closure = (scope: ExpressionScope) => unknown;

/** Maximum length of an expression; Camunda's own attribute columns end at 4 000. */
const MAX_LENGTH = 20_000;

/** The most frequent expression: one variable. */
const SINGLE_VARIABLE = /^[$#]\{\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*\}$/u;
const RESERVED = /^(?:true|false|null|and|or|not|eq|ne|lt|le|gt|ge|div|mod|empty|instanceof)$/;

/**
 * Compiles a text of the JUEL subset: `${…}` or `#{…}` with or without text around, or a plain text.
 *
 * @throws ExpressionSyntaxError
 */
export function compileExpression(text: string): CompiledExpression {
  const variable = SINGLE_VARIABLE.exec(text)?.[1];
  if (variable !== undefined && !RESERVED.test(variable)) return expression(text, identifier(variable));
  try {
    return template(text, splitTemplate(text));
  } catch (cause) {
    if (cause instanceof LexicalError) throw new ExpressionSyntaxError(text, cause.message);
    throw cause;
  }
}

/** A part of a template: plain text or an expression. */
type Part = string | ExpressionNode;

/** Splits a text at `${` and `#{`, unless a backslash precedes them. */
function splitTemplate(text: string): readonly Part[] {
  if (text.length > MAX_LENGTH)
    throw new LexicalError(`the text is longer than ${MAX_LENGTH} characters`, MAX_LENGTH);
  const parts: Part[] = [];
  let kept = '';
  let opener: string | null = null;
  for (let at = 0; at < text.length;) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === '\\' && (next === '\\' || isOpener(text, at + 1))) {
      kept += next;
      at += 2;
    } else if (isOpener(text, at)) {
      // JUEL: one text is either all immediate or all deferred.
      if (opener !== null && opener !== character) throw new LexicalError("'${' and '#{' in one text", at);
      opener = character;
      if (kept !== '') parts.push(kept);
      kept = '';
      const { node, end } = parseExpression(text, at + 2);
      parts.push(node);
      at = end;
    } else {
      kept += character;
      at += 1;
    }
  }
  if (kept !== '' || parts.length === 0) parts.push(kept);
  return parts;
}

function isOpener(text: string, at: number): boolean {
  return (text[at] === '$' || text[at] === '#') && text[at + 1] === '{';
}

function template(text: string, parts: readonly Part[]): CompiledExpression {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    if (typeof only === 'string') return Object.freeze({ text, isLiteral: true, evaluate: () => only });
    return expression(text, compile(only));
  }
  const closures = parts.map((part): Closure => (typeof part === 'string' ? () => part : compile(part)));
  return expression(text, (scope) => closures.map((closure) => toText(closure(scope))).join(''));
}

function expression(text: string, closure: Closure): CompiledExpression {
  return Object.freeze({
    text,
    isLiteral: false,
    evaluate: (scope: ExpressionScope): unknown => {
      try {
        return closure(scope);
      } catch (cause) {
        throw new ExpressionError(text, cause);
      }
    },
  });
}

function identifier(name: string): Closure {
  return (scope) => {
    if (!scope.has(name)) throw new UnresolvedNameError(`Cannot resolve identifier '${name}'`);
    return scope.get(name) ?? null;
  };
}

function compile(node: ExpressionNode): Closure {
  switch (node.kind) {
    case 'constant':
      return () => node.value;
    case 'number': {
      const value = node.isDouble ? asDouble(node.value) : asLong(node.value);
      return () => value;
    }
    case 'identifier':
      return identifier(node.name);
    case 'call':
      return compileCall(node.name, node.args);
    case 'member': {
      const [base, property] = [compile(node.base), compile(node.property)];
      return (scope) => readMember(base(scope), property(scope));
    }
    case 'method':
      return compileMethod(node);
    case 'choice': {
      const [condition, then, otherwise] = [
        compile(node.condition),
        compile(node.then),
        compile(node.otherwise),
      ];
      return (scope) => (toBoolean(condition(scope)) ? then(scope) : otherwise(scope));
    }
    default:
      return compileOperator(node);
  }
}

function compileMethod(node: Extract<ExpressionNode, { kind: 'method' }>): Closure {
  const [base, property, args] = [compile(node.base), compile(node.property), node.args.map(compile)];
  const description = describeNode(node.base);
  return (scope) => {
    const target = base(scope);
    requireTarget(target, description);
    return callMethod(
      target,
      toText(property(scope)),
      args.map((argument) => argument(scope)),
    );
  };
}

type OperatorNode = Extract<ExpressionNode, { kind: 'unary' | 'logical' | 'comparison' | 'arithmetic' }>;

function compileOperator(node: OperatorNode): Closure {
  if (node.kind === 'unary') return compileUnary(node.operator, compile(node.operand));
  const [left, right] = [compile(node.left), compile(node.right)];
  switch (node.kind) {
    case 'logical':
      return node.operator === '&&'
        ? (scope) => toBoolean(left(scope)) && toBoolean(right(scope))
        : (scope) => toBoolean(left(scope)) || toBoolean(right(scope));
    case 'comparison':
      return (scope) => compare(node.operator, left(scope), right(scope));
    case 'arithmetic':
      return (scope) => arithmetic(node.operator, left(scope), right(scope));
    default:
      return node satisfies never;
  }
}

function compileUnary(operator: '!' | '-' | 'empty', operand: Closure): Closure {
  switch (operator) {
    case '!':
      return (scope) => !toBoolean(operand(scope));
    case '-':
      return (scope) => negate(operand(scope));
    case 'empty':
      return (scope) => isEmpty(operand(scope));
    default:
      return operator satisfies never;
  }
}

type ElFunction = (args: readonly unknown[]) => unknown;

/** The functions that Camunda and Spin register, by name and number of arguments. */
const FUNCTIONS: ReadonlyMap<string, ElFunction> = new Map<string, ElFunction>([
  ['now/0', () => new Date()],
  ['dateTime/0', () => new ElDateTime(new Date())],
  // There is no authentication.
  ['currentUser/0', () => null],
  ['currentUserGroups/0', () => []],
  ['JSON/1', ([text]) => SpinJson.parse(toText(text))],
  ['S/1', ([text]) => SpinJson.parse(toText(text))],
]);

function compileCall(name: string, args: readonly ExpressionNode[]): Closure {
  const found = FUNCTIONS.get(`${name}/${args.length}`);
  if (found === undefined) throw new LexicalError(`Could not resolve function '${name}'`, 0);
  const closures = args.map(compile);
  return (scope) => found(closures.map((argument) => argument(scope)));
}
