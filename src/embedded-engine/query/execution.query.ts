import type { ActivityState } from '../state/activity.state.js';
import type { EngineState } from '../state/engine.state.js';
import type { TypedValue } from '../state/typed-value.types.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import { equals, isFalse, isTrue, oneOf, where } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesVariables } from './define/variable.filter.js';

/** One execution: a scope, or a path of an instance that waits. */
export interface ExecutionView {
  readonly id: string;
  readonly processInstanceId: string;
  readonly ended: boolean;
  readonly tenantId: string | null;
}

/** An execution as its filters see it; reads only what a query asks for. */
export class QueriedExecution {
  constructor(
    private readonly state: EngineState,
    readonly instance: ProcessInstanceState,
    /** The outermost activity instance of the execution. */
    readonly activity: ActivityState,
  ) {}

  get processInstanceId(): string {
    return this.instance.id;
  }

  get processDefinitionId(): string {
    return this.instance.header.definitionId;
  }

  get processDefinitionKey(): string {
    return this.state.definition(this.processDefinitionId)?.record.key ?? '';
  }

  get businessKey(): string | null {
    return this.instance.header.businessKey;
  }

  get suspended(): boolean {
    return this.instance.suspended;
  }

  get tenantId(): string | null {
    return this.instance.header.tenantId;
  }

  /** Whether the execution has an activity instance of that element. */
  isAt(activityId: string): boolean {
    const { executionId } = this.activity;
    const found = this.activity.find(
      (one) => one.executionId === executionId && one.nodeId === activityId && one.parent !== null,
    );
    return found !== null;
  }

  /** A variable of the process instance itself. */
  processVariable(name: string): TypedValue | undefined {
    return this.instance.root.variables?.get(name)?.value;
  }

  /** Whether an activity instance of the execution waits for the message. */
  waitsFor(messageName: string): boolean {
    const { executionId } = this.activity;
    const found = this.activity.find(
      (one) =>
        one.executionId === executionId &&
        (one.waits ?? []).some(({ id }) => this.state.subscription(id)?.eventName === messageName),
    );
    return found !== null;
  }
}

/** Executions of running process instances. */
export const EXECUTION_QUERY = defineQuery<QueriedExecution, unknown>()({
  path: '/execution',
  filters: {
    processInstanceId: equals('processInstanceId'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    businessKey: equals('businessKey'),
    activityId: where('text', (execution, id) => execution.isAt(id)),
    messageEventSubscriptionName: where('text', (execution, name) => execution.waitsFor(name)),
    processVariables: where('equalVariables', (execution, filters) =>
      matchesVariables((name) => execution.processVariable(name), filters),
    ),
    active: isFalse('suspended'),
    suspended: isTrue('suspended'),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    instanceId: 'processInstanceId',
    definitionKey: 'processDefinitionKey',
    definitionId: 'processDefinitionId',
    tenantId: 'tenantId',
  },
  unserved: `
    incidentId incidentMessage incidentMessageLike incidentType signalEventSubscriptionName
    variableNamesIgnoreCase variableValuesIgnoreCase variables`,
});

export type ExecutionQuery = QueryOf<typeof EXECUTION_QUERY>;
