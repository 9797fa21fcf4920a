import { Injectable } from '@nestjs/common';
import {
  EngineCallError,
  EngineInstancesClient,
  EngineMessagesClient,
  EngineResponseError,
  EngineTooLateError,
  hasSeveralReceivers,
  isWithoutReceiver,
  readEngineFault,
  toTypedVariables,
} from '../../camunda-engine/index.js';
import { mayBeExecuted } from './may-be-executed.js';
import { MessageReceiverFinder } from './message-receiver.finder.js';
import { messageTraceName } from './message-trace.js';
import type { MessageCommand, MessageObstacle, MessageTarget } from './process-message.js';

type InstanceTarget = Extract<MessageTarget, { kind: 'instance' }>;

/** The result of one attempt. `again`: the receiver is gone or lost a race, or it was too late; nothing was executed. */
type SendResult = 'correlated' | 'again' | MessageObstacle;

/** Pauses before the looks for the trace of a message whose answer is lost, in ms. */
const TRACE_PAUSES_MS = [0, 100, 400, 1_500];

/** Sends messages to instances, and finds out what became of one without an answer. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly messages: EngineMessagesClient,
    private readonly instances: EngineInstancesClient,
    private readonly receivers: MessageReceiverFinder,
  ) {}

  /**
   * Sends a message once. If no answer arrives, its trace is searched for some two seconds.
   *
   * @param notAfter time of `performance.now()` at which the lease of the message ends; undefined: it has none
   */
  async send(
    target: InstanceTarget,
    command: MessageCommand,
    claimId: string,
    notAfter?: number,
  ): Promise<SendResult> {
    const { processInstanceId } = target;
    try {
      await this.messages.correlate({
        messageName: command.messageName,
        processInstanceId,
        variables: toTypedVariables(command.variables),
        localVariables: toTypedVariables({ [messageTraceName(claimId)]: command.messageId ?? '' }),
        notAfter,
      });
      return 'correlated';
    } catch (error) {
      if (!(error instanceof EngineCallError)) throw error;
      if (error instanceof EngineTooLateError) return 'again';
      if (mayBeExecuted(error)) return this.search(processInstanceId, claimId, error);
      if (!(error instanceof EngineResponseError))
        return { kind: 'engine-unavailable', inDoubt: false, cause: error };
      return this.judge(target, command, claimId, error);
    }
  }

  /** True if the engine has delivered the message to this instance. @throws EngineCallError */
  isDelivered(processInstanceId: string, claimId: string): Promise<boolean> {
    return this.messages.hadVariable(processInstanceId, messageTraceName(claimId));
  }

  private async search(
    processInstanceId: string,
    claimId: string,
    cause: EngineCallError,
  ): Promise<'correlated' | MessageObstacle> {
    for (const pauseMs of TRACE_PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      try {
        if (await this.isDelivered(processInstanceId, claimId)) return 'correlated';
      } catch (error) {
        if (!(error instanceof EngineCallError)) throw error;
        break;
      }
    }
    return { kind: 'engine-unavailable', inDoubt: true, cause };
  }

  /** What an answer of the engine means that refuses the message. */
  private async judge(
    { record, processInstanceId }: InstanceTarget,
    command: MessageCommand,
    claimId: string,
    error: EngineResponseError,
  ): Promise<SendResult> {
    if (hasSeveralReceivers(error)) return { kind: 'ambiguous', record };
    if (error.optimisticLocking) return 'again';
    if (isWithoutReceiver(error) || error.suspended) {
      // The engine delivers no message to a suspended instance.
      const instance = await this.instances.getProcessInstance(processInstanceId);
      return instance?.suspended === true
        ? { kind: 'refused', record, reason: 'the process is suspended.' }
        : 'again';
    }
    if (error.status === 400) return { kind: 'bad-variables', cause: error };
    // The engine also answers so if the connection to its database breaks while it commits.
    if (await this.isDelivered(processInstanceId, claimId)) return 'correlated';
    // The database of the engine may refuse the loser of a race with an error of its own.
    if (!(await this.receivers.isAwaited(command, processInstanceId))) return 'again';
    const { place, reason } = readEngineFault(error.engineMessage, null, []);
    return { kind: 'refused', record, reason: place === null ? reason : `${place}: ${reason}` };
  }
}
