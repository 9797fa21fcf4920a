import { fromScriptValue } from './script.values.js';
import { toExpressionValue } from './typed-value.converter.js';
import type { ActivityExpressionScope } from './expression.scope.js';
import type { IoValue } from '../model/index.js';

/** Evaluates one input or output parameter; lists become arrays, maps become Maps. */
export function evaluateIoValue(value: IoValue, scope: ActivityExpressionScope): unknown {
  switch (value.kind) {
    case 'expression':
      return value.expression.evaluate(scope);
    case 'list':
      return value.items.map((item) => evaluateIoValue(item, scope));
    case 'map':
      return new Map(value.entries.map((entry) => [entry.key, evaluateIoValue(entry.value, scope)]));
    case 'script':
      return toExpressionValue(fromScriptValue(value.script.run(scope.scriptHost())));
    case 'null':
      return null;
  }
}
