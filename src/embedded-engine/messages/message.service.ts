import { openInstance } from '../core/instance.context.js';
import type { CommandExecutor } from '../core/command.executor.js';
import { BadUserRequestError, NullValueError, ProcessEngineError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { startInstance } from '../core/instance.factory.js';
import { viewExecution, viewInstance } from '../core/instance.views.js';
import { Interpreter } from '../core/interpreter.js';
import { assertInstanceActive } from '../core/suspension.js';
import type { Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { localVariables } from '../core/variable.scopes.js';
import {
  type CorrelationInput,
  type CorrelationResult,
  describeCorrelation,
  matchesSubscription,
  type MessageStart,
  messageStartsOf,
} from './correlation.js';
import { EVENT_SUBSCRIPTION_QUERY } from '../query/event-subscription.query.js';
import type { EventSubscriptionRecord } from '../state/records.types.js';

/** Exception class for a message without a match, or with several. */
const MISMATCH = 'MismatchingMessageCorrelationException';

/** Correlates messages to waiting executions, or to the definitions that they start. */
export class MessageService {
  readonly subscriptions = EVENT_SUBSCRIPTION_QUERY.over(
    () => this.state.subscriptions.values(),
    () => undefined,
  );

  constructor(
    private readonly state: EngineState,
    private readonly executor: CommandExecutor,
    private readonly stepLimit: number,
  ) {}

  /** @throws MismatchingMessageCorrelation (BadUserRequest) if nothing matches or, without `all`, several match */
  correlate(input: CorrelationInput): Promise<readonly CorrelationResult[]> {
    return this.executor.run((work) => {
      const waiting = this.state
        .subscriptionsTo(input.messageName)
        .filter((subscription) => matchesSubscription(this.state, subscription, input));
      const starts = () => messageStartsOf(this.state, input);
      if (input.all)
        return [
          ...waiting.map((subscription) => this.deliver(work, subscription, input)),
          ...starts().map((start) => this.begin(work, start, input)),
        ].flat();
      const [first, second] = waiting;
      if (second !== undefined) throw ambiguous(input, waiting.length);
      if (first !== undefined) return this.deliver(work, first, input);
      const [start, another] = starts();
      if (start === undefined)
        throw mismatch(input, 'No process definition or execution matches the parameters');
      if (another !== undefined)
        throw mismatch(input, `${starts().length} process definitions match the parameters`);
      return [this.begin(work, start, input)];
    });
  }

  /** Delivers a message to one execution. @throws ProcessEngine if the execution does not wait for it */
  async trigger(executionId: string, messageName: string, variables: Variables): Promise<void> {
    await this.executor.run((work) => {
      const subscription = this.state
        .subscriptionsTo(messageName)
        .find((one) => one.executionId === executionId);
      if (subscription === undefined)
        throw new ProcessEngineError(
          `Execution with id '${executionId}' does not have a subscription to a message event with name '${messageName}': eventSubscriptions is empty`,
        );
      this.deliver(work, subscription, {
        variables,
        localVariables: new Map(),
        triggeredScopeVariables: new Map(),
      });
    });
  }

  /** Returns an empty list if an earlier delivery of the same command ended the subscription. */
  private deliver(
    work: UnitOfWork,
    { id }: EventSubscriptionRecord,
    input: Pick<CorrelationInput, 'variables' | 'localVariables' | 'triggeredScopeVariables'>,
  ): CorrelationResult[] {
    const subscription = work.subscription(id);
    if (subscription === undefined) return [];
    const context = openInstance(work, subscription.processInstanceId);
    assertInstanceActive(context.instance, `Process instance with id '${context.instance.id}'`);
    const owner = context.instance.findActivity(subscription.activityInstanceId);
    if (owner === null)
      throw new NullValueError(`The activity instance of event subscription ${id} no longer exists`);
    const execution = viewExecution(context.instance, owner);
    context.variables.setAll(owner, input.variables);
    context.variables.setAllLocal(owner, input.localVariables);
    new Interpreter(work, this.stepLimit).trigger(
      context,
      owner,
      subscription.activityId,
      input.triggeredScopeVariables,
    );
    return [
      {
        resultType: 'Execution',
        execution: { ...execution, ended: context.root.removed },
        variables: localVariables(context.root),
      },
    ];
  }

  private begin(
    work: UnitOfWork,
    { definition, startActivityId }: MessageStart,
    input: CorrelationInput,
  ): CorrelationResult {
    const interpreter = new Interpreter(work, this.stepLimit);
    const variables = new Map([
      ...input.variables,
      ...input.localVariables,
      ...input.triggeredScopeVariables,
    ]);
    const { businessKey } = input;
    const instance = startInstance(work, interpreter, definition, {
      startActivityId,
      businessKey,
      variables,
    });
    return {
      resultType: 'ProcessDefinition',
      processInstance: viewInstance(instance, definition),
      variables: localVariables(instance.root),
    };
  }
}

function mismatch(input: CorrelationInput, what: string): BadUserRequestError {
  return new BadUserRequestError(`Cannot correlate message '${input.messageName}': ${what}`, MISMATCH);
}

function ambiguous(input: CorrelationInput, count: number): BadUserRequestError {
  return new BadUserRequestError(
    `ENGINE-13031 Cannot correlate a message with name '${input.messageName}' to a single execution. ${count} executions match the correlation keys: ${describeCorrelation(input)}`,
    MISMATCH,
  );
}
