import type { RuntimeService } from '../../runtime/runtime.service.js';
import { isRecord, list, optional, text, type JsonRecord } from '../http/json.reader.js';
import { PROCESS_INSTANCE_QUERY, type ProcessInstanceQuery } from '../../query/process-instance.query.js';
import { readFilters } from '../query/query.reader.js';
import { invalidRequest } from '../http/rest.error.js';

/** Ids of the instances that the body of `PUT /process-instance/suspended` selects. @throws RestError 400 */
export function selectInstances(runtime: RuntimeService, body: JsonRecord): readonly string[] {
  const processDefinitionId = optional(body, 'processDefinitionId', text);
  const processDefinitionKey = optional(body, 'processDefinitionKey', text);
  if (optional(body, 'processInstanceId', text) !== undefined) throw invalidRequest(NO_SINGLE_ID);
  const processInstanceIds = optional(body, 'processInstanceIds', list);
  const query = isRecord(body.processInstanceQuery) ? body.processInstanceQuery : undefined;
  const single = [processDefinitionId, processDefinitionKey].filter((one) => one !== undefined);
  const isGroup = processInstanceIds !== undefined || query !== undefined;
  if (single.length > 0 && isGroup) throw invalidRequest(SINGLE_OR_GROUP);
  if (single.length > 1) throw invalidRequest(ONLY_ONE);
  if (single.length === 0 && !isGroup) throw invalidRequest(NONE);
  if (single.length > 0) return idsOf(runtime, { processDefinitionId, processDefinitionKey });
  const queried = query === undefined ? [] : idsOf(runtime, readFilters(PROCESS_INSTANCE_QUERY, query));
  return [...new Set([...(processInstanceIds ?? []), ...queried])];
}

const SINGLE_OR_GROUP =
  'Choose either a single processInstance with processInstanceId, processDefinitionId or processDefinitionKey or a group of processInstances with processInstanceIds, procesInstanceQuery or historicProcessInstanceQuery.';
const NO_SINGLE_ID =
  'Either processDefinitionId or processDefinitionKey can be set to update the suspension state.';
const ONLY_ONE =
  'Only one of processInstanceId, processDefinitionId or processDefinitionKey should be set to update the suspension state.';
const NONE =
  'Either processDefinitionId or processDefinitionKey should be set to update the suspension state.';

function idsOf(runtime: RuntimeService, query: ProcessInstanceQuery): readonly string[] {
  return runtime.processInstances.find(query).map((instance) => instance.id);
}
