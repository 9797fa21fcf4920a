import { rmSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationModule, createConfiguration } from '../config/index.js';
import { DatabaseModule } from '../database/index.js';
import { temporaryFolder } from '../database/testing/database.fixture.js';
import { LifecycleModule } from '../lifecycle/index.js';
import { ProcessStoreModule, ProcessStoreService } from '../process-store/index.js';
import { EventLogModule, EventLogService } from './index.js';

describe('the modules of the state', () => {
  it('are wired by Nest, write through one queue and close with the application', async () => {
    Logger.overrideLogger(false);
    const folder = temporaryFolder();
    const imports = [
      ConfigurationModule.forRoot(createConfiguration({ DATA_DIR: folder })),
      LifecycleModule,
      DatabaseModule,
      ProcessStoreModule,
      EventLogModule,
    ];
    const first = await Test.createTestingModule({ imports }).compile();
    await first
      .get(ProcessStoreService)
      .insertFinished({ correlationId: 'a', outcome: { origin: 'step', status: 'ok', data: '1' } });
    const logged = first.get(EventLogService).logEvent({ correlationId: 'a', stepName: 'x', status: 'ok' });
    await first.close();
    await logged;

    const second = await Test.createTestingModule({ imports }).compile();
    expect(await second.get(ProcessStoreService).get('a')).toMatchObject({ data: '1' });
    expect(await second.get(EventLogService).findEvents('a')).toHaveLength(1);
    await second.close();
    rmSync(folder, { recursive: true });
  });
});
