import { z } from 'zod';

// The members of the engine's responses that we read; other members are dropped.

export const startedInstanceSchema = z.object({
  id: z.string().min(1),
  definitionId: z.string(),
  definitionKey: z.string().nullish(),
  businessKey: z.string().nullish(),
  ended: z.boolean(),
});

export const processInstanceSchema = z.object({
  id: z.string().min(1),
  definitionId: z.string(),
  businessKey: z.string().nullish(),
  suspended: z.boolean(),
});

export const historicInstanceSchema = z.object({
  id: z.string().min(1),
  businessKey: z.string().nullish(),
  processDefinitionId: z.string(),
  processDefinitionKey: z.string(),
  startTime: z.string(),
  endTime: z.string().nullish(),
  rootProcessInstanceId: z.string().nullish(),
  superProcessInstanceId: z.string().nullish(),
  state: z.enum(['ACTIVE', 'SUSPENDED', 'COMPLETED', 'EXTERNALLY_TERMINATED', 'INTERNALLY_TERMINATED']),
  deleteReason: z.string().nullish(),
});

export const historicVariableSchema = z.object({
  name: z.string(),
  type: z.string(),
  value: z.unknown().optional(),
  processInstanceId: z.string(),
  activityInstanceId: z.string().nullish(),
});

/** A variable with what is needed to show it; `value` is absent for a file. */
export const historicTypedVariableSchema = historicVariableSchema.extend({
  valueInfo: z.record(z.string(), z.unknown()).nullish(),
});

export const executionSchema = z.object({
  id: z.string().min(1),
  processInstanceId: z.string().min(1),
});

export const engineDefinitionSchema = z.object({
  id: z.string().min(1),
  key: z.string(),
  name: z.string().nullish(),
  version: z.number(),
  versionTag: z.string().nullish(),
  tenantId: z.string().nullish(),
  suspended: z.boolean(),
});

export const definitionXmlSchema = z.object({ bpmn20Xml: z.string() });

export const historicActivitySchema = z.object({
  activityId: z.string(),
  activityName: z.string().nullish(),
  activityType: z.string(),
  id: z.string(),
  /** Times as the engine writes them. */
  startTime: z.string().nullish(),
  endTime: z.string().nullish(),
  durationInMillis: z.number().nullish(),
  canceled: z.boolean().nullish(),
  assignee: z.string().nullish(),
  /** The instance's id if the activity is in no sub-process. */
  parentActivityInstanceId: z.string().nullish(),
});

export const incidentSchema = z.object({
  id: z.string().min(1),
  processInstanceId: z.string(),
  processDefinitionId: z.string(),
  incidentTimestamp: z.string(),
  incidentType: z.string(),
  activityId: z.string().nullish(),
  configuration: z.string().nullish(),
  incidentMessage: z.string().nullish(),
});

export const externalTaskSchema = z.object({
  id: z.string().min(1),
  topicName: z.string(),
  workerId: z.string().nullish(),
  retries: z.number().nullish(),
  lockExpirationTime: z.string().nullish(),
});

/** An open task of a person. Times are as the engine writes them. */
export const userTaskSchema = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  description: z.string().nullish(),
  taskDefinitionKey: z.string(),
  processInstanceId: z.string(),
  assignee: z.string().nullish(),
  formKey: z.string().nullish(),
  priority: z.number(),
  suspended: z.boolean(),
  created: z.string(),
  due: z.string().nullish(),
  followUp: z.string().nullish(),
});

export const endedUserTaskSchema = z.object({
  id: z.string().min(1),
  processInstanceId: z.string(),
  taskDefinitionKey: z.string(),
  assignee: z.string().nullish(),
  endTime: z.string(),
  /** `completed`, or why the engine removed the task. */
  deleteReason: z.string().nullish(),
});

export const identityLinkSchema = z.object({
  userId: z.string().nullish(),
  groupId: z.string().nullish(),
});

export const taskVariablesSchema = z.record(
  z.string(),
  z.object({
    type: z.string(),
    value: z.unknown().optional(),
    valueInfo: z.record(z.string(), z.unknown()).nullish(),
  }),
);

export const deploymentSchema = z.object({
  id: z.string().min(1),
  deployedProcessDefinitions: z
    .record(z.string(), z.object({ id: z.string(), key: z.string(), version: z.number() }))
    .nullish(),
});

export const versionSchema = z.object({ version: z.string().nullish() });

export type StartedInstance = z.output<typeof startedInstanceSchema>;
export type ProcessInstance = z.output<typeof processInstanceSchema>;
export type HistoricInstance = z.output<typeof historicInstanceSchema>;
export type HistoricTypedVariable = z.output<typeof historicTypedVariableSchema>;
export type HistoricActivity = z.output<typeof historicActivitySchema>;
export type Incident = z.output<typeof incidentSchema>;
export type EngineDefinition = z.output<typeof engineDefinitionSchema>;
export type UserTask = z.output<typeof userTaskSchema>;
export type EndedUserTask = z.output<typeof endedUserTaskSchema>;
export type LockedExternalTask = z.output<typeof externalTaskSchema>;

/** Result of a deployment. */
export interface Deployment {
  readonly id: string;
  /** The new definitions; empty if nothing had changed. */
  readonly deployed: readonly { readonly id: string; readonly key: string; readonly version: number }[];
}
