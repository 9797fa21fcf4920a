import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  EngineAmbiguousError,
  type EngineInstancesClient,
  EngineMisconfiguredError,
  type EngineMessagesClient,
  EngineResponseError,
  EngineTooLateError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import type { MessageReceiverFinder } from './message-receiver.finder.js';
import { messageTraceName } from './message-trace.js';
import { MessageSender } from './message.sender.js';
import type { MessageCommand } from './process-message.js';

const CALL = { method: 'POST', path: '/message' };
const CLAIM = '6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b';
const LOST = new EngineAmbiguousError(CALL, 'no answer', null);
const AWAY = new EngineUnreachableError(CALL, 'refused');
const refusal = (status: number, message: string, code = 0) =>
  new EngineResponseError(CALL, status, 'RestException', message, code);
const MISMATCH = 'org.camunda.bpm.engine.MismatchingMessageCorrelationException: ';
const NOBODY = refusal(
  400,
  `${MISMATCH}Cannot correlate message 'm': No process definition or execution matches the parameters`,
);
const SEVERAL = refusal(
  400,
  `${MISMATCH}ENGINE-13031 Cannot correlate a message with name 'm' to a single execution. 2 executions match the correlation keys`,
);

const record = { correlationId: 'a' } as never;
const target = { kind: 'instance', record, processInstanceId: 'i' } as const;
const command = { messageName: 'm', messageId: 'id', variables: { n: 1 } } as unknown as MessageCommand;

describe('MessageSender', () => {
  const correlate = jest.fn<EngineMessagesClient['correlate']>();
  const hadVariable = jest.fn<EngineMessagesClient['hadVariable']>();
  const getProcessInstance = jest.fn<() => Promise<{ suspended: boolean } | null>>();
  const isAwaited = jest.fn<MessageReceiverFinder['isAwaited']>();
  const sender = new MessageSender(
    { correlate, hadVariable } as unknown as EngineMessagesClient,
    { getProcessInstance } as unknown as EngineInstancesClient,
    { isAwaited } as unknown as MessageReceiverFinder,
  );
  /** The result of one attempt, without its pauses. */
  const send = async () => {
    const sent = sender.send(target, command, CLAIM);
    sent.catch(() => undefined);
    await jest.runAllTimersAsync();
    return sent;
  };

  beforeEach(() => {
    jest.resetAllMocks();
    jest.useFakeTimers();
    correlate.mockResolvedValue(undefined);
    hadVariable.mockResolvedValue(false);
    getProcessInstance.mockResolvedValue({ suspended: false });
    isAwaited.mockResolvedValue(true);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('sends the variables, and the trace of its claim to the scope that waits', async () => {
    expect(await send()).toBe('correlated');
    expect(correlate.mock.calls).toMatchObject([
      [
        {
          messageName: 'm',
          processInstanceId: 'i',
          variables: { n: { value: 1 } },
          localVariables: { [messageTraceName(CLAIM)]: { value: 'id' } },
        },
      ],
    ]);
  });

  it.each([
    ['a lost answer', LOST],
    ['an answer of 500 that is not the engine’s', new EngineMisconfiguredError(CALL, 'a page', 500)],
  ])('looks for the trace after %s, also if the engine executes it later', async (_what, error) => {
    correlate.mockRejectedValue(error);
    hadVariable.mockResolvedValueOnce(false).mockResolvedValueOnce(true);
    expect(await send()).toBe('correlated');
    expect(hadVariable).toHaveBeenLastCalledWith('i', messageTraceName(CLAIM));
    expect(correlate).toHaveBeenCalledTimes(1);
  });

  it('finds a message delivered whose transaction the engine reports as failed after its commit', async () => {
    correlate.mockRejectedValue(refusal(500, 'An exception occurred in the persistence layer.'));
    hadVariable.mockResolvedValue(true);
    for (const stillWaits of [true, false]) {
      isAwaited.mockResolvedValue(stillWaits);
      expect(await send()).toBe('correlated');
    }
  });

  it('is left to the holder of its lease if that of this request has ended', async () => {
    correlate.mockRejectedValue(new EngineTooLateError(CALL, 'too late'));
    expect(await sender.send(target, command, CLAIM, 7)).toBe('again');
    expect(correlate).toHaveBeenCalledWith(expect.objectContaining({ notAfter: 7 }));
    expect(hadVariable).not.toHaveBeenCalled();
  });

  it('is in doubt if no trace appears', async () => {
    correlate.mockRejectedValue(LOST);
    expect(await send()).toEqual({ kind: 'engine-unavailable', inDoubt: true, cause: LOST });
    expect(hadVariable).toHaveBeenCalledTimes(4);
  });

  it('is in doubt if the trace cannot be read', async () => {
    correlate.mockRejectedValue(LOST);
    hadVariable.mockRejectedValue(AWAY);
    expect(await send()).toEqual({ kind: 'engine-unavailable', inDoubt: true, cause: LOST });
    expect(hadVariable).toHaveBeenCalledTimes(1);
  });

  it('is not in doubt if nothing was sent', async () => {
    correlate.mockRejectedValue(AWAY);
    expect(await send()).toEqual({ kind: 'engine-unavailable', inDoubt: false, cause: AWAY });
    expect(hadVariable).not.toHaveBeenCalled();
  });

  it('is ambiguous if several executions of the instance wait', async () => {
    correlate.mockRejectedValue(SEVERAL);
    expect(await send()).toEqual({ kind: 'ambiguous', record });
  });

  it('looks for the receiver again if it is gone or lost a race', async () => {
    for (const error of [NOBODY, refusal(500, 'ENGINE-03005 updated by another transaction', 1)]) {
      correlate.mockRejectedValueOnce(error);
      expect(await send()).toBe('again');
    }
    correlate.mockRejectedValueOnce(NOBODY);
    getProcessInstance.mockResolvedValueOnce(null);
    expect(await send()).toBe('again');
    // The database of the engine refuses the loser with an error of its own.
    correlate.mockRejectedValueOnce(refusal(500, 'An exception occurred in the persistence layer.'));
    isAwaited.mockResolvedValueOnce(false);
    expect(await send()).toBe('again');
  });

  it('says that the process is suspended', async () => {
    correlate.mockRejectedValue(NOBODY);
    getProcessInstance.mockResolvedValue({ suspended: true });
    expect(await send()).toEqual({ kind: 'refused', record, reason: 'the process is suspended.' });
  });

  it('passes on variables that the engine refuses, and a fault of the process', async () => {
    const bad = refusal(400, 'Cannot convert value');
    correlate.mockRejectedValueOnce(bad);
    expect(await send()).toEqual({ kind: 'bad-variables', cause: bad });
    correlate.mockRejectedValueOnce(refusal(500, "Unknown property used in expression: ${x}. Cause: no 'x'"));
    expect(await send()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('${x}') });
  });

  it('throws an error of a question after a refusal, and what is no error of the engine', async () => {
    correlate.mockRejectedValueOnce(NOBODY);
    getProcessInstance.mockRejectedValueOnce(AWAY);
    await expect(send()).rejects.toBe(AWAY);
    const fault = new TypeError('a fault of the program');
    correlate.mockRejectedValueOnce(fault);
    await expect(send()).rejects.toBe(fault);
  });
});
