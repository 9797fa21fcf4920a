import type { ModdleElement } from 'bpmn-moddle';
import type { BuildContext } from './build.context.js';
import { referencedError } from './error.builder.js';
import { childOf, tagOf, textOf } from './moddle.reader.js';
import type { ErrorTrigger, MessageTrigger, TimerTrigger, Trigger } from './process-model.js';

/**
 * Builds the trigger of an event; null if it has problems, which are then reported.
 *
 * @param where the name of the event in a problem: `boundaryEvent 'x'`
 */
export function buildTrigger(
  definition: ModdleElement | null,
  where: string,
  id: string,
  context: BuildContext,
): Trigger | null {
  switch (definition?.$type) {
    case 'bpmn:ErrorEventDefinition':
      return buildErrorTrigger(definition, id, context);
    case 'bpmn:TimerEventDefinition':
      return buildTimerTrigger(definition, id, context);
    case 'bpmn:MessageEventDefinition':
      return buildMessageTrigger(definition, id, context);
    case undefined:
      context.error(`${where} needs an event definition`, id);
      return null;
    default:
      context.refuse(`${definition === null ? 'No event' : tagOf(definition)} of ${where}`, id);
      return null;
  }
}

/** Builds the message of a `messageRef`; null if it has problems. */
export function buildMessageTrigger(
  element: ModdleElement,
  id: string,
  context: BuildContext,
): MessageTrigger | null {
  const dangling = context.danglingReference(element, 'bpmn:messageRef');
  const message = childOf(element, 'messageRef');
  if (message === null) {
    context.error(
      dangling === null
        ? `'${id}' needs a messageRef`
        : `Invalid 'messageRef': no message with id '${dangling}' found.`,
      id,
    );
    return null;
  }
  const name = textOf(message, 'name');
  if (name === null) context.error(`The message of '${id}' has no name`, id);
  const messageName = context.optionalExpression(name, id);
  return messageName === null ? null : Object.freeze({ kind: 'message', messageName });
}

function buildErrorTrigger(definition: ModdleElement, id: string, context: BuildContext): ErrorTrigger {
  const error = referencedError(definition, id, context);
  return Object.freeze({
    kind: 'error',
    errorCode: error === null ? null : textOf(error, 'errorCode'),
    errorCodeVariable: textOf(definition, 'camunda:errorCodeVariable'),
    errorMessageVariable: textOf(definition, 'camunda:errorMessageVariable'),
  });
}

function buildTimerTrigger(
  definition: ModdleElement,
  id: string,
  context: BuildContext,
): TimerTrigger | null {
  if (childOf(definition, 'timeCycle') !== null) {
    context.refuse(`timeCycle of '${id}'`, id);
    return null;
  }
  const date = childOf(definition, 'timeDate');
  const duration = childOf(definition, 'timeDuration');
  const given = date ?? duration;
  const text = given === null ? null : textOf(given, 'body');
  if (text === null || (date !== null && duration !== null)) {
    context.error('Timer needs configuration (either timeDate, timeCycle or timeDuration is needed).', id);
    return null;
  }
  const expression = context.expression(text, id);
  if (expression === null) return null;
  return Object.freeze({ kind: 'timer', timer: date === null ? 'duration' : 'date', expression });
}
