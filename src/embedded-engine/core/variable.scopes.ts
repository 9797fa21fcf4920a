import type { ActivityState, VariableState } from '../state/activity.state.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { HistoryRecorder } from './history.recorder.js';
import type { TypedValue, Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';
import { checkLength } from './variable.limits.js';

/** Finds the variable that an activity sees: in its own scope first, then outwards. */
export function findVariable(from: ActivityState, name: string): VariableState | undefined {
  return scopeWith(from, name)?.variables?.get(name);
}

/** All variables that an activity sees; an inner one hides an outer one with the same name. */
export function visibleVariables(from: ActivityState): Map<string, TypedValue> {
  const visible = new Map<string, TypedValue>();
  for (let scope: ActivityState | null = from; scope !== null; scope = scope.parent) {
    for (const [name, variable] of scope.variables ?? [])
      if (!visible.has(name)) visible.set(name, variable.value);
  }
  return visible;
}

/** The variables of one scope. */
export function localVariables(scope: ActivityState): Map<string, TypedValue> {
  return new Map([...(scope.variables ?? [])].map(([name, variable]) => [name, variable.value]));
}

function scopeWith(from: ActivityState, name: string): ActivityState | null {
  for (let scope: ActivityState | null = from; scope !== null; scope = scope.parent) {
    if (scope.variables?.has(name) === true) return scope;
  }
  return null;
}

function rootOf(activity: ActivityState): ActivityState {
  let root = activity;
  while (root.parent !== null) root = root.parent;
  return root;
}

function nearestScope(activity: ActivityState): ActivityState {
  let scope = activity;
  while (!scope.isVariableScope && scope.parent !== null) scope = scope.parent;
  return scope;
}

function isTransient(value: TypedValue): boolean {
  return value.valueInfo.transient === true;
}

/**
 * Writes the variables of one instance and their history. A transient variable exists until the command ends; neither
 * the store nor the history ever contains it.
 */
export class VariableWriter {
  constructor(
    private readonly work: UnitOfWork,
    private readonly history: HistoryRecorder,
  ) {}

  /** Sets the nearest variable with that name, or a new one in the process instance. */
  set(from: ActivityState, name: string, value: TypedValue): void {
    this.write(scopeWith(from, name) ?? rootOf(from), name, value);
  }

  setAll(from: ActivityState, variables: Variables): void {
    for (const [name, value] of variables) this.set(from, name, value);
  }

  /** Sets a variable in the activity's own scope, or in the nearest scope around it. */
  setLocal(activity: ActivityState, name: string, value: TypedValue): void {
    this.write(nearestScope(activity), name, value);
  }

  /** Like {@link setLocal}, but readers see the variable in the surrounding activity instance. */
  setLocalShownIn(around: ActivityState, activity: ActivityState, name: string, value: TypedValue): void {
    this.write(nearestScope(activity), name, value, around.id);
  }

  setAllLocal(activity: ActivityState, variables: Variables): void {
    for (const [name, value] of variables) this.setLocal(activity, name, value);
  }

  /** Deletes the nearest variable with that name; an unknown name is ignored. */
  delete(from: ActivityState, name: string): void {
    const scope = scopeWith(from, name);
    if (scope !== null) this.remove(scope, name);
  }

  /** Deletes from the activity's own scope only. */
  deleteLocal(activity: ActivityState, name: string): void {
    this.remove(nearestScope(activity), name);
  }

  private remove(scope: ActivityState, name: string): void {
    const variable = scope.variables?.get(name);
    if (variable === undefined) return;
    scope.variables?.delete(name);
    if (!isTransient(variable.value)) this.history.variableSet(scope, name, variable, 'DELETED');
  }

  private write(scope: ActivityState, name: string, value: TypedValue, shownInId?: string): void {
    checkLength(value);
    const variables = (scope.variables ??= new Map<string, VariableState>());
    const old = variables.get(name);
    if (old !== undefined && isTransient(old.value) !== isTransient(value)) {
      throw new ProcessEngineError(
        `Cannot set transient variable with name ${name} to non-transient variable and vice versa.`,
      );
    }
    const shownIn = old?.shownIn ?? shownInId;
    const variable: VariableState = {
      id: old?.id ?? this.work.newId(),
      value,
      createTime: old?.createTime ?? this.work.now,
      ...(shownIn !== undefined && { shownIn }),
    };
    variables.set(name, variable);
    if (!isTransient(value)) this.history.variableSet(scope, name, variable, 'CREATED');
    else if (old === undefined) this.work.onSuccess(() => variables.delete(name));
  }
}
