import { beforeEach, describe, expect, it } from '@jest/globals';
import { CREATED_LOG, HISTORIC_INSTANCE, HISTORIC_VARIABLE, INCIDENT } from '../rest/testing/records.js';
import { type ChangeSet, emptyChangeSet } from '../state/change-set.js';
import { MemoryHistory } from './memory.history.js';
import type { HistoricInstanceRecord } from '../state/records.types.js';

let history: MemoryHistory;

function apply(fill: (changes: ChangeSet) => void): void {
  const changes = emptyChangeSet();
  fill(changes);
  history.apply(changes);
}

function put(id: string, change: Partial<HistoricInstanceRecord> = {}): void {
  apply(({ historicInstances }) =>
    historicInstances.set(id, {
      ...HISTORIC_INSTANCE,
      id,
      businessKey: `key-${id}`,
      endTime: 200,
      ...change,
    }),
  );
}

beforeEach(() => {
  history = new MemoryHistory(3);
});

describe('the limit', () => {
  it('removes the instances that ended first, never running ones', () => {
    for (const id of ['running', 'x']) put(id, { endTime: null });
    for (const id of ['a', 'b', 'c', 'x', 'd']) put(id, { businessKey: id === 'x' ? 'key-x' : 'same' });
    expect(history.instances.find({}).map(({ id }) => id)).toEqual(['running', 'x', 'c', 'd']);
    expect(history.instances.count({ processInstanceBusinessKey: 'same' })).toBe(2);
    expect(history.instances.count({ processInstanceBusinessKey: 'key-x' })).toBe(1);
  });

  it('removes more of them if their variables or errors are large', () => {
    history = new MemoryHistory(1_000, 5_000_000);
    const text = 'x'.repeat(500_000);
    const start = (id: string, endTime: number | null): void => {
      put(id, { endTime });
      apply(({ historicVariables, externalTaskLog }) => {
        const value = { type: 'String', value: text, valueInfo: {} } as const;
        historicVariables.set(id, { ...HISTORIC_VARIABLE, id, processInstanceId: id, value });
        externalTaskLog.set(id, { ...CREATED_LOG, id, processInstanceId: id, errorDetails: text });
      });
      put(id, { endTime });
    };
    start('running', null);
    for (const id of ['a', 'b', 'c', 'd']) start(id, 200);
    expect(history.instances.find({}).map(({ id }) => id)).toEqual(['running', 'c', 'd']);
    expect(history.variables.count({})).toBe(3);
  });

  it('deletes the histories of a change set', () => {
    put('a');
    put('b', { businessKey: null });
    apply(({ deletedHistories: forgottenInstances }) => {
      for (const id of ['a', 'b', 'none']) forgottenInstances.add(id);
    });
    expect(history.instances.count({})).toBe(0);
    expect(history.instances.count({ processInstanceBusinessKey: 'key-a' })).toBe(0);
  });
});

it('keeps whether an instance had an incident', () => {
  for (const id of ['a', 'b']) put(id);
  apply(({ incidents }) => {
    incidents.set('i', { ...INCIDENT, processInstanceId: 'b' });
    incidents.set('j', null);
    incidents.set('k', { ...INCIDENT, processInstanceId: 'unknown' });
  });
  expect(history.instances.find({ withIncidents: true }).map(({ id }) => id)).toEqual(['b']);
});
