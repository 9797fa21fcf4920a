import { Inject, Injectable } from '@nestjs/common';
import {
  HealthIndicatorService,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import {
  EngineConnection,
  EngineAccess,
  ENGINE_ENDPOINT,
  EngineDeploymentService,
  type EngineCondition,
  type EngineEndpoint,
} from '../camunda-engine/index.js';
import { describeBaseUrl } from '../common/urls/index.js';
import { CamundaWorkerService } from '../camunda-worker/index.js';
import { CAMUNDA_CONFIG, type CamundaConfig } from '../config/index.js';
import { DatabaseService, WriteQueueService } from '../database/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { StartBacklogService } from '../process/index.js';

/** What is said of an embedded engine that does not run. */
const DOWN: Readonly<Record<EngineCondition['status'], string>> = {
  running: '',
  recovering: 'The file of the embedded engine takes no writes; it goes on by itself when one succeeds.',
  failed: 'The embedded engine cannot read its state back; the service has to be started again.',
};

/** Says how the parts of the service are. */
@Injectable()
export class HealthService {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly shutdown: ShutdownService,
    private readonly database: DatabaseService,
    private readonly writes: WriteQueueService,
    private readonly engineConnection: EngineConnection,
    private readonly access: EngineAccess,
    private readonly deployment: EngineDeploymentService,
    private readonly backlog: StartBacklogService,
    private readonly workers: CamundaWorkerService,
    @Inject(ENGINE_ENDPOINT) private readonly endpoint: EngineEndpoint,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  /**
   * What decides whether requests are sent here: not while booting or stopping, not while the database is away or takes
   * no writes, not while no further start is accepted, not while the engine refuses our credentials.
   *
   * An engine outside that is away does not count: starts are stored, and stored answers still work. The embedded one
   * does, because nothing but this machine's disk keeps it from working.
   */
  readiness(): HealthIndicatorFunction[] {
    return [
      () => this.service(),
      () => this.databaseHealth(),
      () => this.startBacklog(),
      () => this.engineAccess(),
      ...this.embeddedEngine(({ status }) => status === 'running'),
    ];
  }

  /** What decides whether the process is to be replaced: an embedded engine that cannot read its state back. */
  liveness(): HealthIndicatorFunction[] {
    return this.embeddedEngine(({ status }) => status !== 'failed');
  }

  /** What a person wants to know beside it; none of it makes the service unready. */
  details(): HealthIndicatorFunction[] {
    return [() => this.engine(), () => this.workersHealth()];
  }

  private service(): HealthIndicatorResult {
    const indicator = this.indicators.check('service');
    if (this.shutdown.stopping) return indicator.down('The service is stopping.');
    return this.booted()
      ? indicator.up()
      : indicator.down('The service is booting: its definitions are not deployed yet.');
  }

  /**
   * The embedded engine must have taken or refused each of our definitions; another engine must have been tried once.
   * A refused one does not count: its earlier version may be there, and the other processes work.
   */
  private booted(): boolean {
    const { isComplete, rounds } = this.deployment.state;
    return isComplete || (this.camunda.baseUrl !== null && rounds > 0);
  }

  private async databaseHealth(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    if (!(await this.database.isHealthy())) return indicator.down('The database does not answer.');
    if (!this.writes.available) {
      return indicator.down({
        message: 'The database takes no writes.',
        bytesWaiting: this.writes.bytesQueued,
      });
    }
    return indicator.up({
      schemaVersion: await this.database.schemaVersion(),
      bytesWaiting: this.writes.bytesQueued,
    });
  }

  private startBacklog(): HealthIndicatorResult {
    const indicator = this.indicators.check('startBacklog');
    const { size: starts, isFull, suspendedKeys } = this.backlog;
    const suspended = suspendedKeys.length === 0 ? {} : { suspended: suspendedKeys };
    if (!isFull) return indicator.up({ starts, ...suspended });
    return indicator.down({ message: 'Too many starts wait for the process engine.', starts, ...suspended });
  }

  private embeddedEngine(isFine: (condition: EngineCondition) => boolean): HealthIndicatorFunction[] {
    const condition = this.endpoint.condition?.();
    if (condition === undefined) return [];
    const indicator = this.indicators.check('embeddedEngine');
    if (isFine(condition)) return [() => indicator.up()];
    const reason = 'reason' in condition ? condition.reason : '';
    return [() => indicator.down({ message: DOWN[condition.status], reason })];
  }

  private engineAccess(): HealthIndicatorResult {
    const indicator = this.indicators.check('engineAccess');
    const { state } = this.access;
    if (state.status === 'granted') return indicator.up();
    const { message, calls } = state;
    return state.status === 'refused' ? indicator.down({ message, calls }) : indicator.up({ message, calls });
  }

  private engine(): HealthIndicatorResult {
    const isAway = this.engineConnection.isAway || this.workers.state.lastError !== null;
    return this.indicators.check('engine').up({
      kind: this.camunda.baseUrl === null ? 'embedded' : 'external',
      transport: this.endpoint.dispatch === undefined ? 'http' : 'inproc',
      baseUrl: describeBaseUrl(this.endpoint.baseUrl),
      condition: isAway ? 'degraded' : 'ok',
      deployment: this.deployment.state,
    });
  }

  private workersHealth(): HealthIndicatorResult {
    const { status: condition, ...state } = this.workers.state;
    return this.indicators.check('workers').up({ condition, ...state });
  }
}
