import { Inject, Injectable } from '@nestjs/common';
import {
  HealthIndicatorService,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import {
  EngineConnection,
  EngineAccessMonitor,
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
import { WakeUpsService } from '../wake-ups/index.js';

/** Messages for an embedded engine that does not run. */
const ENGINE_MESSAGES: Readonly<Record<EngineCondition['status'], string>> = {
  running: '',
  recovering:
    'The file of the embedded engine cannot be written; the engine continues as soon as a write succeeds.',
  failed: 'The embedded engine cannot read its state again; restart the service.',
};

/** Health indicators of the parts of the service. */
@Injectable()
export class HealthService {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly shutdown: ShutdownService,
    private readonly database: DatabaseService,
    private readonly writes: WriteQueueService,
    private readonly engineConnection: EngineConnection,
    private readonly access: EngineAccessMonitor,
    private readonly deployment: EngineDeploymentService,
    private readonly backlog: StartBacklogService,
    private readonly workers: CamundaWorkerService,
    private readonly wakeUps: WakeUpsService,
    @Inject(ENGINE_ENDPOINT) private readonly endpoint: EngineEndpoint,
    @Inject(CAMUNDA_CONFIG) private readonly camunda: CamundaConfig,
  ) {}

  /**
   * Readiness: down during boot and stop, while the database is unreachable or cannot be written, while no further start
   * is accepted, and while the engine refuses our credentials.
   *
   * An external engine that is unreachable does not count: starts are stored, and stored outcomes are still served. An
   * embedded engine counts, because only the disk of this machine can keep it from working.
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

  /** Liveness: down if the process has to be restarted, because the embedded engine cannot read its state again. */
  liveness(): HealthIndicatorFunction[] {
    return this.embeddedEngine(({ status }) => status !== 'failed');
  }

  /** Details for operators; they do not affect readiness. */
  details(): HealthIndicatorFunction[] {
    return [() => this.engine(), () => this.workersHealth(), () => this.wakeUpsHealth()];
  }

  private service(): HealthIndicatorResult {
    const indicator = this.indicators.check('service');
    if (this.shutdown.stopping) return indicator.down('The service is stopping.');
    return this.booted()
      ? indicator.up()
      : indicator.down('The service is booting: its definitions are not deployed yet.');
  }

  /**
   * True once the embedded engine has accepted or refused each of our definitions, or an external engine was tried once.
   * A refused definition does not count: its earlier version may be deployed, and the other processes work.
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
        message: 'The database cannot be written.',
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

  private embeddedEngine(isUp: (condition: EngineCondition) => boolean): HealthIndicatorFunction[] {
    const condition = this.endpoint.condition?.();
    if (condition === undefined) return [];
    const indicator = this.indicators.check('embeddedEngine');
    if (isUp(condition)) return [() => indicator.up()];
    const reason = 'reason' in condition ? condition.reason : '';
    return [() => indicator.down({ message: ENGINE_MESSAGES[condition.status], reason })];
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
      baseUrl: this.endpoint.listens === false ? null : describeBaseUrl(this.endpoint.baseUrl),
      condition: isAway ? 'degraded' : 'ok',
      deployment: this.deployment.state,
    });
  }

  /** Without them the service is slower, not wrong, so the part stays up. */
  private wakeUpsHealth(): HealthIndicatorResult {
    return this.indicators.check('wakeUps').up({ ...this.wakeUps.state });
  }

  private workersHealth(): HealthIndicatorResult {
    const { status: condition, ...state } = this.workers.state;
    return this.indicators.check('workers').up({ condition, ...state });
  }
}
