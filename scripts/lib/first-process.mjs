// Runs a command as process 1 of its own PID namespace, as a container does: such a process ignores each signal that it
// does not handle.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ServiceProcess } from './service.process.mjs';

/**
 * The words before a command that make it process 1; null if this machine does not allow it.
 *
 * @param {{ uid: number, gid: number } | null} user who the command runs as; null for the current user
 * @returns {string[] | null}
 */
export function firstProcessPrefix(user) {
  const namespace = ['unshare', ...(user === null ? ['--user'] : []), '--pid', '--fork', '--kill-child'];
  const asUser =
    user === null ? [] : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--'];
  const prefix = [...namespace, ...asUser];
  const [command, ...args] = prefix;
  return spawnSync(command, [...args, 'true']).status === 0 ? prefix : null;
}

/** The built service as process 1. Its log has the pid 1, so the signal goes to the child of `unshare`. */
export class FirstProcess extends ServiceProcess {
  signal(name) {
    const { pid } = this.child;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (!/^\d+$/.test(child ?? '')) throw new Error('unshare has no child');
    process.kill(Number(child), name);
  }
}
