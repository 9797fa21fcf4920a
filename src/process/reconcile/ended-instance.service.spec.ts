import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome, ProcessHead, ProcessRecord, ProcessStoreService } from '../../process-store/index.js';
import type { OutcomeDecision, OutcomeWriter } from '../outcome/outcome.writer.js';
import type { EngineStepsService } from '../result/engine-steps.service.js';
import type {
  InstanceResult,
  InstanceResultService,
  UncaughtError,
} from '../result/instance-result.service.js';
import type { EndDescriptionService } from './end-description.service.js';
import { EndedInstanceService } from './ended-instance.service.js';
import type { ProcessTerminationService } from './process-termination.service.js';

const RECORD = {
  correlationId: 'a',
  claimId: 'claim',
  processKey: 'p',
  processInstanceId: 'I',
  status: 'pending',
  outcomeOrigin: null,
  cancelRequestedAt: null,
} as unknown as ProcessHead;

const OK: Outcome = { origin: 'engine', status: 'ok', data: '{}' };

describe('EndedInstanceService', () => {
  let row: Partial<ProcessRecord> | null;
  let written: Outcome[];
  let terminated: string[];
  let reads: (UncaughtError | undefined)[];
  let readInstance: () => Promise<InstanceResult>;
  let definedHere: boolean;
  let service: EndedInstanceService;

  beforeEach(() => {
    row = { ...RECORD };
    written = [];
    terminated = [];
    reads = [];
    definedHere = false;
    readInstance = async () => ({ kind: 'outcome', outcome: OK, activities: [], model: null });
    const outcomes = {
      write: async (_id: string, decide: (row: ProcessRecord) => OutcomeDecision<string>) => {
        const decision = decide(row as ProcessRecord);
        if ('refuse' in decision) return { kind: 'refused' };
        written.push(decision.change.outcome);
        row = {
          ...row,
          status: decision.change.outcome.status,
          outcomeOrigin: decision.change.outcome.origin,
        };
        return { kind: 'saved' };
      },
    } as unknown as OutcomeWriter;
    const termination = {
      writeOutcome: async (_record: unknown, { origin, error }: { origin: string; error: string }) => {
        terminated.push(`${origin}: ${error}`);
      },
      finishCancel: async () => {
        terminated.push('cancelled');
      },
    } as unknown as ProcessTerminationService;
    service = new EndedInstanceService(
      { peek: () => row } as unknown as ProcessStoreService,
      outcomes,
      termination,
      {
        isDefinedHere: () => definedHere,
        read: async (_id: string, _instance: string, reported?: UncaughtError) => {
          reads.push(reported);
          return readInstance();
        },
      } as unknown as InstanceResultService,
      { log: async () => undefined } as unknown as EngineStepsService,
      { describeEnd: async () => 'Ended.' } as unknown as EndDescriptionService,
    );
  });

  const settle = (more: object = {}) =>
    service.settle({ record: RECORD, processInstanceId: 'I', state: 'COMPLETED', ...more });

  it('writes the result of an instance once, however many watchers find its end', async () => {
    expect(await Promise.all([settle(), settle(), settle()])).toEqual([true, true, true]);
    expect([written, reads.length]).toEqual([[OK], 1]);
  });

  it('tries again after an attempt that failed', async () => {
    const read = readInstance;
    readInstance = () => Promise.reject(new Error('away'));
    const first = settle();
    const second = settle();
    await expect(first).rejects.toThrow('away');
    await expect(second).rejects.toThrow('away');
    readInstance = read;
    await settle();
    expect(written).toEqual([OK]);
  });

  it('leaves a BPMN error of a step of this service to its worker until the grace is over', async () => {
    const outcome: Outcome = {
      origin: 'bpmn-error',
      status: 'error',
      error: 'x',
      errorCode: 'PROCESS_ERROR',
    };
    readInstance = async () => ({ kind: 'uncaught-elsewhere', outcome, activities: [], model: null });
    definedHere = true;
    expect([await settle(), written]).toEqual([false, []]);
    expect([await settle({ graceIsOver: true }), written]).toEqual([true, [outcome]]);
  });

  it('hands on the BPMN error that the worker reports', async () => {
    definedHere = true;
    await settle({ bpmnError: { code: 'TOO_HEAVY', error: 'Too heavy' } });
    expect(reads).toEqual([{ code: 'TOO_HEAVY', error: 'Too heavy' }]);
  });

  it('changes no row that is decided or another claim', async () => {
    row = { ...row, status: 'ok', outcomeOrigin: 'step' };
    expect([await settle(), reads]).toEqual([true, []]);
    row = { ...row, status: 'pending', outcomeOrigin: null, claimId: 'another' };
    await settle();
    row = { ...row, claimId: 'claim', processInstanceId: 'another' };
    await settle();
    expect(written).toEqual([]);
  });

  it('writes that the result is unknown, with the reason', async () => {
    readInstance = async () => ({ kind: 'unknown', reason: 'No history.' });
    await settle();
    await settle({ state: 'INTERNALLY_TERMINATED' });
    expect(terminated).toEqual(['no-result: Ended. No history.', 'no-result: Ended.']);
  });

  it('cancels a process whose instance was deleted', async () => {
    await settle({ state: 'EXTERNALLY_TERMINATED' });
    await settle({
      state: 'EXTERNALLY_TERMINATED',
      record: { ...RECORD, cancelRequestedAt: new Date() },
    });
    expect(terminated).toEqual(['cancel: The process instance was deleted in the engine.', 'cancelled']);
  });
});
