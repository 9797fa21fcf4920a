import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '../../../src/config/index.js';
import { claimOf, openInstance } from './instance.js';

/** The data that a process in another time zone writes. */
export interface ZoneOrder {
  readonly changes: Partial<DatabaseConfig>;
  /** ISO texts; event times. */
  readonly times: readonly string[];
}

/** The values that it wrote and read back, as ISO texts. */
export interface ZoneReport {
  /** Minutes that its zone is behind UTC at the first time. */
  readonly offset: number;
  readonly claimed: readonly (string | null)[];
  readonly read: readonly (string | null)[];
  readonly events: readonly string[];
}

Logger.overrideLogger(false);
const { changes, times } = JSON.parse(process.argv[2] ?? '') as ZoneOrder;
const { fixture, store, repository, events } = await openInstance(changes);
const { record } = await store.claim(claimOf('zone'));
const row = await repository.findProcessStore('zone');
for (const time of times)
  await events.logEvent({ correlationId: 'zone', stepName: 's', status: 'ok', createdAt: new Date(time) });
const timesOf = (each: typeof row): (string | null)[] =>
  [each?.startedAt, each?.updatedAt, each?.startLeaseUntil, each?.startLastAttemptAt].map(
    (time) => time?.toISOString() ?? null,
  );
const report: ZoneReport = {
  offset: new Date(times[0] ?? 0).getTimezoneOffset(),
  claimed: timesOf(record),
  read: timesOf(row),
  events: (await events.findEvents('zone')).map(({ createdAt }) => createdAt.toISOString()),
};
await fixture.stop();
process.stdout.write(JSON.stringify(report));
