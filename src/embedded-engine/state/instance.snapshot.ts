import { type ActivitySnapshot, restoreActivity } from './activity.snapshot.js';
import { type ActivitySnapshotV1, restoreActivityV1 } from './activity.snapshot.v1.js';
import type { ActivityState } from './activity.state.js';
import { ProcessEngineError } from './engine.errors.js';

/** Version of {@link InstanceSnapshot} that is written. Version 1 is read too; a newer one is rejected. */
export const SNAPSHOT_FORMAT = 2;

/** The call activity that called an instance. */
interface Caller {
  readonly processInstanceId: string;
  readonly activityInstanceId: string;
  /** Id of the outermost calling instance. */
  readonly rootProcessInstanceId: string;
}

/** The immutable attributes of an instance. */
export interface ProcessInstanceHeader {
  readonly id: string;
  readonly definitionId: string;
  readonly businessKey: string | null;
  readonly tenantId: string | null;
  readonly startTime: number;
  readonly startActivityId: string;
  /** Null if no other instance called it. */
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

/** @throws ProcessEngine for an unknown format */
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
