import { describe, expect, it } from '@jest/globals';
import { SeenProcessKeysService } from './seen-process-keys.service.js';

describe('SeenProcessKeysService', () => {
  it('remembers a bounded number of keys and forgets the least recently added', () => {
    const seen = new SeenProcessKeysService();
    seen.add('in use');
    for (let index = 0; index < 1_500; index += 1) {
      seen.add(`unknown-${index}`);
      seen.add('in use');
    }
    const keys = seen.all();
    expect(keys).toHaveLength(1_000);
    expect(keys.slice(-2)).toEqual(['unknown-1499', 'in use']);
    expect(keys[0]).toBe('unknown-501');
  });
});
