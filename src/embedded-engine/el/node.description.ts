import type { ExpressionNode } from './expression.parser.js';

/**
 * Describes a part of an expression as JUEL's messages do: identifiers and constants by their text, others by their
 * form.
 */
export function describeNode(node: ExpressionNode): string {
  switch (node.kind) {
    case 'identifier':
    case 'call':
      return node.name;
    case 'constant':
      return typeof node.value === 'string' ? `"${node.value}"` : String(node.value);
    case 'number':
      return String(node.value);
    case 'member': {
      const { property } = node;
      return property.kind === 'constant' && !node.isBracket ? `. ${String(property.value)}` : '[...]';
    }
    case 'method':
      return '<method>';
    default:
      // Operators and conditionals can precede a point only within parentheses.
      return '(...)';
  }
}
