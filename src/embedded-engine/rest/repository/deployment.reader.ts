import type { DeploymentInput } from '../../repository/deployment.types.js';
import type { FormPart, RequestBody } from '../http/http.types.js';
import { invalidRequest, RestError } from '../http/rest.error.js';

/** Form fields; every other part is a resource. */
const RESERVED: ReadonlySet<string> = new Set([
  'deployment-name',
  'deployment-source',
  'deployment-activation-time',
  'enable-duplicate-filtering',
  'deploy-changed-only',
  'tenant-id',
]);

/** Reads the multipart form of `POST /deployment/create`. @throws RestError 400, 415 */
export function readDeployment(body: RequestBody): DeploymentInput {
  if (body.kind !== 'form') {
    throw new RestError(415, 'NotSupportedException', 'A deployment must be sent as multipart/form-data');
  }
  const fields = new Map<string, string>();
  const resources: { readonly name: string; readonly bytes: Buffer }[] = [];
  for (const part of body.parts) {
    if (RESERVED.has(part.fieldName)) fields.set(part.fieldName, part.content.toString('utf8').trim());
    else resources.push({ name: fileNameOf(part), bytes: part.content });
  }
  if (resources.length === 0) throw invalidRequest('No deployment resources contained in the form upload.');
  const deployChangedOnly = fields.get('deploy-changed-only')?.toLowerCase() === 'true';
  return {
    name: fieldOf(fields, 'deployment-name'),
    source: fieldOf(fields, 'deployment-source'),
    tenantId: fieldOf(fields, 'tenant-id'),
    enableDuplicateFiltering:
      deployChangedOnly || fields.get('enable-duplicate-filtering')?.toLowerCase() === 'true',
    deployChangedOnly,
    resources,
  };
}

function fieldOf(fields: ReadonlyMap<string, string>, name: string): string | null {
  const value = fields.get(name) ?? '';
  return value === '' ? null : value;
}

function fileNameOf(part: FormPart): string {
  if (part.fileName === null || part.fileName === '') {
    throw invalidRequest(
      `No file name found in the deployment resource described by form parameter '${part.fieldName}'.`,
    );
  }
  return part.fileName;
}
