import type { DefinitionRecord, DeploymentRecord } from '../state/records.types.js';

export interface DeploymentInput {
  readonly name: string | null;
  readonly source: string | null;
  readonly tenantId: string | null;
  /** Nothing changed since the last deployment of that name: the old one comes back. */
  readonly enableDuplicateFiltering: boolean;
  /** Only the resources that changed are deployed; implies duplicate filtering. */
  readonly deployChangedOnly: boolean;
  readonly resources: readonly { readonly name: string; readonly bytes: Buffer }[];
}

export interface DeploymentResult {
  readonly deployment: DeploymentRecord;
  /** Those that this call made; empty when the old deployment came back. */
  readonly definitions: readonly DefinitionRecord[];
}
