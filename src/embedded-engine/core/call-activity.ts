import { isElNumber, numberValueOf } from '../el/index.js';
import type { CallActivityNode, CallMapping } from '../model/index.js';
import type { ActivityState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import { type InstanceContext, openInstance, textOf } from './instance.context.js';
import { ProcessInstanceState } from '../state/process-instance.state.js';
import { NULL_VALUE, toTypedValue } from './typed-value.converter.js';
import type { TypedValue } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';
import { findVariable, localVariables, visibleVariables } from './variable.scopes.js';

/**
 * Creates the instance that a call activity calls; the caller starts it. @throws ProcessEngine for an unknown
 * definition
 */
export function createCalledInstance(
  context: InstanceContext,
  activity: ActivityState,
  node: CallActivityNode,
): InstanceContext {
  const definition = findCalled(context, activity, node);
  const start = definition.initialStart();
  const { work, instance } = context;
  const businessKey = node.businessKey?.evaluate(context.scopeOf(activity)) ?? null;
  const called = ProcessInstanceState.create(
    {
      id: work.newId(),
      definitionId: definition.record.id,
      businessKey: businessKey === null ? null : textOf(businessKey),
      tenantId: definition.record.tenantId,
      startTime: work.now,
      startActivityId: start.id,
      caller: {
        processInstanceId: instance.id,
        activityInstanceId: activity.id,
        rootProcessInstanceId: instance.header.caller?.rootProcessInstanceId ?? instance.id,
      },
    },
    definition.record.key,
  );
  work.addInstance(called);
  activity.calledInstanceId = called.id;
  context.history.activityStarted(activity);
  return openInstance(work, called.id);
}

/** A waiting call activity in the context of its instance. */
export interface Call {
  readonly context: InstanceContext;
  readonly activity: ActivityState;
}

/**
 * Returns the call activity that called an instance. Null if no instance called it, or if the caller was deleted
 * without it.
 */
export function callOf(work: UnitOfWork, called: InstanceContext): Call | null {
  const { caller } = called.instance.header;
  if (caller === null || work.findInstance(caller.processInstanceId) === undefined) return null;
  const context = openInstance(work, caller.processInstanceId);
  const activity = context.instance.findActivity(caller.activityInstanceId);
  return activity === null ? null : { context, activity };
}

/** Passes the output variables of a called instance to its call activity, also when an error ended the instance. */
export function passOutputs(called: InstanceContext, { context, activity }: Call): void {
  const node = context.node(activity);
  if (node.kind !== 'callActivity') return;
  mapCallVariables(node.outputs, { context: called, activity: called.root }, (name, value, local) => {
    if (local) context.variables.setLocal(activity, name, value);
    else context.variables.set(activity, name, value);
  });
}

/** Evaluates `camunda:in` or `camunda:out` mappings in the source scope and passes each variable to `write`. */
export function mapCallVariables(
  mappings: readonly CallMapping[],
  from: { readonly context: InstanceContext; readonly activity: ActivityState },
  write: (name: string, value: TypedValue, local: boolean) => void,
): void {
  for (const mapping of mappings) {
    switch (mapping.kind) {
      case 'all': {
        const all = mapping.local ? localVariables(from.activity) : visibleVariables(from.activity);
        for (const [name, value] of all) write(name, value, mapping.local);
        break;
      }
      case 'variable': {
        const source = findVariable(from.activity, mapping.source);
        write(mapping.target, source?.value ?? NULL_VALUE, mapping.local);
        break;
      }
      case 'expression': {
        const value = mapping.expression.evaluate(from.context.scopeOf(from.activity));
        write(mapping.target, toTypedValue(value), mapping.local);
        break;
      }
      default:
        mapping satisfies never;
    }
  }
}

function findCalled(
  context: InstanceContext,
  activity: ActivityState,
  node: CallActivityNode,
): ExecutableDefinition {
  const scope = context.scopeOf(activity);
  const key = textOf(node.calledElement.evaluate(scope));
  const tenant = node.tenantId?.evaluate(scope) ?? null;
  const tenantId = node.tenantId === null ? context.definition.record.tenantId : tenant && textOf(tenant);
  const { binding } = node;
  const ofKey = (matches: (definition: ExecutableDefinition) => boolean): ExecutableDefinition | undefined =>
    context.work.definitionsOf(key, tenantId).findLast(matches);
  switch (binding.kind) {
    case 'latest':
      return required(context.work.latestDefinition(key, tenantId), `with key '${key}'`);
    case 'deployment': {
      const { deploymentId } = context.definition.record;
      return required(
        ofKey(({ record }) => record.deploymentId === deploymentId),
        `with key = '${key}' in deployment = '${deploymentId}'`,
      );
    }
    case 'version': {
      const value = binding.version.evaluate(scope);
      const version = isElNumber(value) ? numberValueOf(value) : Number(value);
      return required(
        ofKey(({ record }) => record.version === version),
        `with key = '${key}' and version = '${String(version)}'`,
      );
    }
    case 'versionTag': {
      const tag = textOf(binding.versionTag.evaluate(scope));
      return required(
        ofKey(({ record }) => record.versionTag === tag),
        `with key = '${key}' and versionTag = '${tag}'`,
      );
    }
    default:
      return binding satisfies never;
  }
}

function required(definition: ExecutableDefinition | undefined, which: string): ExecutableDefinition {
  if (definition !== undefined) return definition;
  throw new ProcessEngineError(`no processes deployed ${which}`);
}
