import { type ActivitySnapshot, restoreActivity } from './activity.snapshot.js';
import { type ActivitySnapshotV1, restoreActivityV1 } from './activity.snapshot.v1.js';
import type { ActivityState } from './activity.state.js';
import { ProcessEngineError } from './engine.errors.js';

/** Version of {@link InstanceSnapshot} that is written; 1 is read too, a newer one is refused. */
export const SNAPSHOT_FORMAT = 2;

/** The call activity that has called an instance. */
interface Caller {
  readonly processInstanceId: string;
  readonly activityInstanceId: string;
  /** The instance at the top of all calls. */
  readonly rootProcessInstanceId: string;
}

/** What an instance is made with. */
export interface ProcessInstanceHeader {
  readonly id: string;
  readonly definitionId: string;
  readonly businessKey: string | null;
  readonly tenantId: string | null;
  readonly startTime: number;
  readonly startActivityId: string;
  /** Null for an instance that was started from outside. */
  readonly caller: Caller | null;
}

/** An instance as plain JSON data. */
export type InstanceSnapshot = {
  readonly header: ProcessInstanceHeader;
  readonly suspended?: true;
} & (
  | { readonly format: typeof SNAPSHOT_FORMAT; readonly root: ActivitySnapshot }
  | { readonly format: 1; readonly root: ActivitySnapshotV1 }
);

/** @throws ProcessEngine for a format that this version does not know */
export function restoreRoot(snapshot: InstanceSnapshot): ActivityState {
  const { id } = snapshot.header;
  switch (snapshot.format) {
    case SNAPSHOT_FORMAT:
      return restoreActivity(snapshot.root, id, null);
    case 1:
      return restoreActivityV1(snapshot.root, null);
    default:
      throw new ProcessEngineError(
        `The instance ${id} was written in format ${String((snapshot as { format: unknown }).format)}; this engine reads ${SNAPSHOT_FORMAT}.`,
      );
  }
}
