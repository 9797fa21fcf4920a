import type { ExpressionScope } from '../el/index.js';
import type { IoValue } from '../model/index.js';

/** The value of one input or output parameter; lists as arrays, maps as Maps. */
export function evaluateIoValue(value: IoValue, scope: ExpressionScope): unknown {
  switch (value.kind) {
    case 'expression':
      return value.expression.evaluate(scope);
    case 'list':
      return value.items.map((item) => evaluateIoValue(item, scope));
    case 'map':
      return new Map(value.entries.map((entry) => [entry.key, evaluateIoValue(entry.value, scope)]));
    case 'null':
      return null;
  }
}
