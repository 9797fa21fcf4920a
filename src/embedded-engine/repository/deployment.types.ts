import type { DefinitionRecord, DeploymentRecord } from '../state/records.types.js';

export interface DeploymentInput {
  readonly name: string | null;
  readonly source: string | null;
  readonly tenantId: string | null;
  /** Returns the last deployment of that name if nothing has changed since. */
  readonly enableDuplicateFiltering: boolean;
  /** Deploys only changed resources; implies duplicate filtering. */
  readonly deployChangedOnly: boolean;
  readonly resources: readonly { readonly name: string; readonly bytes: Buffer }[];
}

export interface DeploymentResult {
  readonly deployment: DeploymentRecord;
  /** The definitions that this deployment created; empty if an earlier deployment was returned. */
  readonly definitions: readonly DefinitionRecord[];
}
