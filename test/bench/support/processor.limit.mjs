// Limits the processor time of a process by a control group of Linux, version 1 or 2. Needs root.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the controller of the processor may be mounted. */
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/** The length of a period in microseconds: the default of Linux. */
const PERIOD_US = 100_000;

/**
 * Puts a process into a control group of its own.
 *
 * @param {number} pid
 * @param {number} cores share of a processor, e.g. 0.25
 * @returns {() => void} removes the group after the process has ended
 * @throws an Error if this is no Linux with control groups, or the user is not root
 */
export function limitProcessor(pid, cores) {
  const isV1 = existsSync(join(V1, 'cpu.cfs_quota_us'));
  const group = join(isV1 ? V1 : V2, `bench-${pid}`);
  mkdirSync(group);
  const quota = Math.round(cores * PERIOD_US);
  if (isV1) {
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
  } else writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
  return () => rmdirSync(group);
}
