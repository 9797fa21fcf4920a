import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ProcessConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import type { LaunchResult, StartAttemptService } from './start-attempt.service.js';
import { StartLauncherService } from './start-launcher.service.js';

const NO_VARIABLES = { values: {}, length: 2 };
const KEPT: LaunchResult = { kind: 'kept' };

describe('StartLauncherService', () => {
  let answers: ((result: LaunchResult) => void)[];
  let launcher: StartLauncherService;

  beforeEach(() => {
    answers = [];
    const attempts: Pick<StartAttemptService, 'attempt' | 'defer'> = {
      attempt: () => new Promise((resolve) => answers.push(resolve)),
      defer: () => Promise.resolve(KEPT),
    };
    launcher = new StartLauncherService(
      attempts as StartAttemptService,
      { startInFlightMaxBytes: 10_000 } as ProcessConfig,
      new ShutdownService({ timeoutMs: 1_000, delayMs: 0 }),
    );
  });

  const launch = (claimId: string, length = NO_VARIABLES.length): Promise<LaunchResult> =>
    launcher.launch(
      { correlationId: 'order-1', claimId } as ProcessRecord,
      { ...NO_VARIABLES, length },
      performance.now(),
    );

  it('returns the launch of an id until the engine has answered', async () => {
    const launched = launch('claim-1');
    expect(launcher.running('order-1')).toBe(launched);
    answers[0]?.(KEPT);
    await launched;
    expect(launcher.running('order-1')).toBeUndefined();
  });

  it('keeps a newer launch of an id when an older one ends', async () => {
    const older = launch('claim-1');
    const newer = launch('claim-2');
    answers[0]?.(KEPT);
    await older;
    expect(launcher.running('order-1')).toBe(newer);
    answers[1]?.(KEPT);
    await newer;
    expect(launcher.running('order-1')).toBeUndefined();
  });

  it('defers a start whose variables exceed the limit of all starts in flight, until one of them ends', async () => {
    const first = launch('claim-1', 8_000);
    await expect(launch('claim-2', 8_000)).resolves.toBe(KEPT);
    expect(answers).toHaveLength(1);
    answers[0]?.(KEPT);
    await first;
    const third = launch('claim-3', 8_000);
    expect(answers).toHaveLength(2);
    answers[1]?.(KEPT);
    await third;
  });
});
