import { describe, expect, it } from '@jest/globals';
import { badVariables, refusedDefinition, unknownDefinition } from '../launch/start-refusal.js';
import { startRefused, unacceptableVariables } from './process-problems.js';

describe('problems of a start', () => {
  it('escapes the names of variables in pointers', () => {
    const { facts } = unacceptableVariables([{ name: 'a/b~c', detail: 'is too large' }]);
    expect(facts.errors).toEqual([{ pointer: '/variables/a~1b~0c', detail: 'is too large' }]);
  });

  it.each([
    [unknownDefinition({ processKey: 'tset' }, ['test']), 404, 'unknown-process-definition'],
    [refusedDefinition('test'), 404, 'unknown-process-definition'],
    [badVariables(new Error('no such type')), 400, 'invalid-variables'],
  ])('maps the refusal %j of the engine', (refusal, status, code) => {
    const problem = startRefused(refusal);
    expect([problem.status, problem.code, problem.detail]).toEqual([status, code, refusal.message]);
    expect(problem.facts.cause).toBe(refusal.cause);
  });
});
