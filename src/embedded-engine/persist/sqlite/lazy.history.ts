import type { InstanceHistory } from '../../state/instance-history.types.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';

/** The history of one instance; its records are read on first access. */
export class LazyHistory implements InstanceHistory {
  private records: InstanceHistory | undefined;

  constructor(
    readonly record: HistoricInstanceRecord,
    readonly hadIncident: boolean,
    private readonly read: () => InstanceHistory,
  ) {}

  get activities() {
    return this.all().activities;
  }

  get variables() {
    return this.all().variables;
  }

  get incidents() {
    return this.all().incidents;
  }

  get userTasks() {
    return this.all().userTasks;
  }

  get taskLog() {
    return this.all().taskLog;
  }

  private all(): InstanceHistory {
    this.records ??= this.read();
    return this.records;
  }
}
