import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { z } from 'zod';
import { CamundaEngineClient, EngineDeploymentService } from '../../camunda-engine/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import { type Configuration, ConfigurationModule, createConfiguration } from '../../config/index.js';
import { DatabaseModule } from '../../database/index.js';
import { EventLogModule, EventLogService } from '../../event-log/index.js';
import { LifecycleModule, ShutdownService } from '../../lifecycle/index.js';
import { type ProcessRecord, ProcessStoreModule, ProcessStoreService } from '../../process-store/index.js';
import { WaitroomModule, WaitroomService } from '../../waitroom/index.js';
import { ProcessCompletionService } from '../process-completion.service.js';
import { ProcessOutcomeListener } from '../process-outcome.listener.js';
import { ProcessStartService } from '../process-start.service.js';
import { ProcessViewPresenter } from '../process-view.presenter.js';
import { StartLauncherService } from '../start-launcher.service.js';

/** A process whose start demands a `userId`. */
export const testDefinition: ProcessDefinition = {
  key: 'test',
  steps: ['first', 'last'],
  bpmn: new URL('file:///test.bpmn'),
  startSchema: z.looseObject({ userId: z.string() }),
};

/** The engine as the tests tell it to answer; records what it was asked. */
export class FakeEngine {
  readonly starts: { processKey: string; businessKey: string; variables: Record<string, unknown> }[] = [];
  readonly historic = new Map<string, { rootProcessInstanceId: string }>();
  settled = true;
  answerStart: () => Promise<{ id: string }> = () => Promise.resolve({ id: 'instance-1' });

  startProcessInstance(start: FakeEngine['starts'][number]): Promise<{ id: string }> {
    this.starts.push(start);
    return this.answerStart();
  }

  getHistoricInstance(id: string): Promise<{ rootProcessInstanceId: string } | null> {
    return Promise.resolve(this.historic.get(id) ?? null);
  }

  whenDeployed = jest.fn(() => Promise.resolve());

  isSettled(): boolean {
    return this.settled;
  }
}

/** The services of `process/` over a real store in a temporary folder, and an engine that does what it is told. */
export class ProcessHarness {
  private constructor(
    private readonly module: TestingModule,
    private readonly dataDir: string,
    readonly engine: FakeEngine,
  ) {}

  static async open(variables: Record<string, string> = {}): Promise<ProcessHarness> {
    const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-process-'));
    const engine = new FakeEngine();
    const configuration: Configuration = createConfiguration({
      DATA_DIR: dataDir,
      SYNC_TIMEOUT_MS: '5000',
      START_ACK_TIMEOUT_MS: '50',
      ...variables,
    });

    @Global()
    @Module({
      providers: [{ provide: PROCESS_DEFINITIONS, useValue: [testDefinition] }],
      exports: [PROCESS_DEFINITIONS],
    })
    class DefinitionsModule {}

    const module = await Test.createTestingModule({
      imports: [
        ConfigurationModule.forRoot(configuration),
        LifecycleModule,
        DefinitionsModule,
        DatabaseModule,
        ProcessStoreModule,
        EventLogModule,
        WaitroomModule,
      ],
      providers: [
        { provide: CamundaEngineClient, useValue: engine },
        { provide: EngineDeploymentService, useValue: engine },
        ProcessCompletionService,
        ProcessOutcomeListener,
        ProcessStartService,
        ProcessViewPresenter,
        StartLauncherService,
      ],
    })
      .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
      .compile();
    await module.init();
    return new ProcessHarness(module, dataDir, engine);
  }

  get starts(): ProcessStartService {
    return this.module.get(ProcessStartService);
  }

  get completions(): ProcessCompletionService {
    return this.module.get(ProcessCompletionService);
  }

  get listener(): ProcessOutcomeListener {
    return this.module.get(ProcessOutcomeListener);
  }

  get store(): ProcessStoreService {
    return this.module.get(ProcessStoreService);
  }

  get events(): EventLogService {
    return this.module.get(EventLogService);
  }

  get waitroom(): WaitroomService {
    return this.module.get(WaitroomService);
  }

  get shutdown(): ShutdownService {
    return this.module.get(ShutdownService);
  }

  /** Claims an id for the process `test`, whose traceability id is then `trace-<id>`. */
  async claim(correlationId: string): Promise<ProcessRecord> {
    const { record } = await this.store.claim({
      correlationId,
      processKey: 'test',
      variables: '{}',
      requestHash: 'hash',
      claimId: `claim-${correlationId}`,
      batchId: 'batch',
      traceabilityId: `trace-${correlationId}`,
      applicationId: 'application',
      owner: 'me',
      leaseMs: 15_000,
    });
    return record;
  }

  async close(): Promise<void> {
    await this.module.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
