import type { ProcessRecord, ProcessStoreService } from '../../src/process-store/index.js';
import { rowOf } from '../../src/process-store/process-record.factory.js';
import type { Wait, WaitroomService } from '../../src/waitroom/index.js';
import type { Mutant } from './simulated.instance.js';

/** The waiter is registered after the engine's answer to the start, not before the call. */
export const WAITER_AFTER_START: Mutant = {
  partsOfStart: ({ waitroom, launcher, ...parts }) => {
    const createWait = <T>(correlationId: string, timeoutMs: number): Wait<T> => {
      let registered: Wait<T> | undefined;
      const register = async (): Promise<Wait<T>> => {
        // The launch begins in the same turn, directly after this call.
        await Promise.resolve();
        await launcher.running(correlationId);
        registered = waitroom.createWait<T>(correlationId, timeoutMs);
        return registered;
      };
      return { ended: register().then(({ ended }) => ended), cancel: () => registered?.cancel() };
    };
    return { ...parts, launcher, waitroom: inPlaceOf<WaitroomService>(waitroom, { createWait }) };
  },
};

/** An attach trusts the row that it read before it registered its waiter. */
export const NO_SECOND_LOOK: Mutant = {
  partsOfStart: ({ store, ...parts }) => {
    const seen = new Map<string, ProcessRecord[]>();
    const claim: ProcessStoreService['claim'] = async (...given) => {
      const claimed = await store.claim(...given);
      const { correlationId, requestHash } = given[0];
      if (claimed.kind === 'exists' && attaches(claimed.record, requestHash))
        seen.set(correlationId, [...(seen.get(correlationId) ?? []), claimed.record]);
      return claimed;
    };
    const get: ProcessStoreService['get'] = async (correlationId) =>
      seen.get(correlationId)?.shift() ?? store.get(correlationId);
    return { ...parts, store: inPlaceOf<ProcessStoreService>(store, { claim, get }) };
  },
};

/** A completion considers its compare-and-set successful as soon as it is queued. */
export const ANSWER_BEFORE_COMMIT: Mutant = {
  storeOfCompletion: ({ store }) => {
    const save: ProcessStoreService['save'] = async (seen, change, options) => {
      void store.save(seen, change, options);
      const row = await store.get(seen.correlationId);
      if (row === null || change.outcome === undefined) return { saved: false, record: row };
      return { saved: true, record: { ...row, ...rowOf(change.outcome), version: row.version + 1 } };
    };
    return inPlaceOf<ProcessStoreService>(store, { save });
  },
};

/** The awaited rows are not refreshed, and the hints of other instances are lost. */
export const HINTS_WITHOUT_LOOK: Mutant = { looksOff: true };

function attaches({ status, requestHash }: ProcessRecord, hash: string): boolean {
  return status === 'pending' && requestHash === hash;
}

/** The part with some of its methods replaced. */
function inPlaceOf<T extends object>(part: T, methods: Partial<T>): T {
  return new Proxy(part, {
    get: (target, name) => {
      const own: unknown = Reflect.get(methods, name);
      const value: unknown = own ?? Reflect.get(target, name, target);
      return typeof value === 'function' && own === undefined ? (value.bind(target) as unknown) : value;
    },
  });
}
