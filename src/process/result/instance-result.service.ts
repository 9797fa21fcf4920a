import { Inject, Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import {
  EngineBpmnModelsService,
  EngineHistoryClient,
  type HistoricActivity,
  type HistoricInstance,
  type HistoricTypedVariable,
  fromTypedVariable,
} from '../../camunda-engine/index.js';
import type { BpmnModel, BpmnElement } from '../../common/bpmn-model/index.js';
import { stringifyJson } from '../../common/json/index.js';
import { PROCESS_DEFINITIONS, type ProcessDefinition } from '../../common/process-definition/index.js';
import type { Outcome } from '../../process-store/index.js';
import { ownCodeOf, serviceOutcome } from '../outcome/outcome.factory.js';
import type { EndedSteps } from './engine-steps.service.js';
import { areVariablesMissing, type ResultSelection, selectResult } from './result.variables.js';

/** The property of a `bpmn:process` that names its result variables, separated by commas. */
const RESULT_PROPERTY = 'result';

/** The property of a `bpmn:process` that names end events whose outcome is an error, separated by commas. */
const ERROR_ENDS_PROPERTY = 'errorEndEvents';

/** The error code of a process that ended in an error without a code. */
const CODE_OF_ERROR_END = 'PROCESS_ERROR';

/** An expression: the engine evaluates it, this service cannot. */
const EXPRESSION = /[$#]\{/;

/** What an instance that has ended by itself leaves behind. */
export type InstanceResult =
  /** `uncaught-elsewhere`: a BPMN error of an unknown worker ended the instance; its code is not known. */
  | ({ readonly kind: 'outcome' | 'uncaught-elsewhere'; readonly outcome: Outcome } & EndedSteps)
  /** The engine does not keep what is needed. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** A BPMN error that a worker reported and nothing caught. */
export interface UncaughtError {
  readonly code: string;
  readonly error: string;
}

/**
 * Reads the result of a process from the engine, for processes whose steps report none to this service.
 *
 * The result are the variables that the definition here names (`result`), else those that the process names in its
 * `camunda:property` `result`, else the variable `result`, else all variables.
 */
@Injectable()
export class InstanceResultService {
  private readonly logger = new Logger('InstanceResult');
  private readonly definitions: ReadonlyMap<string, ProcessDefinition>;

  constructor(
    private readonly history: EngineHistoryClient,
    private readonly models: EngineBpmnModelsService,
    @Inject(PROCESS_DEFINITIONS) definitions: readonly ProcessDefinition[],
  ) {
    this.definitions = new Map(definitions.map((definition) => [definition.key, definition]));
  }

  /**
   * True if a step of this service completes the process: its result does not come from the engine, and a completion may
   * still be on its way when the instance has ended.
   */
  expectsCompletion(processKey: string | null): boolean {
    const definition = this.definitions.get(processKey ?? '');
    return definition !== undefined && definition.result === undefined;
  }

  /** True if this service defines the process. */
  isDefinedHere(processKey: string | null): boolean {
    return this.definitions.has(processKey ?? '');
  }

  /**
   * The outcome of an instance that has ended by itself (`COMPLETED`).
   *
   * @param reported the BPMN error that a worker of this service reported last
   * @throws EngineCallError
   */
  async read(
    correlationId: string,
    processInstanceId: string,
    reported?: UncaughtError,
  ): Promise<InstanceResult> {
    const [instance, variables, activities] = await Promise.all([
      this.history.getHistoricInstance(processInstanceId),
      this.history.findVariables(processInstanceId),
      this.history.findLatestActivities(processInstanceId),
    ]);
    if (instance === null) {
      return { kind: 'unknown', reason: 'The process engine has removed its history before it was read.' };
    }
    const model = await this.models.of(instance.processDefinitionId);
    const toOutcome = ({ code, error }: UncaughtError): Outcome => {
      const errorCode = ownCodeOf(code, { correlationId, logger: this.logger });
      return { origin: 'bpmn-error', status: 'error', error, errorCode };
    };
    const thrown = this.thrownError(instance, activities, variables, model);
    if (thrown !== null) return { kind: 'outcome', activities, model, outcome: toOutcome(thrown) };
    const uncaught = uncaughtError(ownActivities(instance, activities), model);
    if (uncaught !== null) {
      const kind = reported === undefined ? 'uncaught-elsewhere' : 'outcome';
      return { kind, activities, model, outcome: toOutcome(reported ?? uncaught) };
    }
    if (areVariablesMissing(variables)) {
      return {
        kind: 'unknown',
        reason:
          'The history of the process engine has no variables of it: its history level is below "audit", or its ' +
          'history was removed before it was read.',
      };
    }
    return { kind: 'outcome', activities, model, outcome: this.resultOf(instance, variables, model) };
  }

  private resultOf(
    { processDefinitionKey: key }: HistoricInstance,
    variables: readonly HistoricTypedVariable[],
    model: BpmnModel | null,
  ): Outcome {
    const schema = this.definitions.get(key)?.result;
    const data = selectResult(variables, selectionOf(schema, model, key));
    if (data.kind === 'too-large') return serviceOutcome('result-too-large', data.error);
    const parsed = schema?.safeParse(data.value);
    if (parsed?.success === false) {
      const [issue] = parsed.error.issues;
      const place = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
      const error =
        `The process has ended, and its variables are not the result that its definition describes:${place} ` +
        `${issue?.message ?? 'they do not fit'}.`;
      return serviceOutcome('no-result', error);
    }
    const json = parsed === undefined ? data.json : (stringifyJson(parsed.data) ?? 'null');
    return { origin: 'engine', status: 'ok', data: json };
  }

  /** The error in which the process ended; null if it ended well. */
  private thrownError(
    instance: HistoricInstance,
    activities: readonly HistoricActivity[],
    variables: readonly HistoricTypedVariable[],
    model: BpmnModel | null,
  ): UncaughtError | null {
    const named = namesOf(model, instance.processDefinitionKey, ERROR_ENDS_PROPERTY);
    for (const { activityId, activityName = null, activityType } of ownActivities(instance, activities)) {
      const element = model?.element(activityId) ?? null;
      if (activityType === 'errorEndEvent') {
        return {
          code: element?.thrownError?.code ?? CODE_OF_ERROR_END,
          error:
            messageOf(element, variables) ??
            `The process has ended in the error "${activityName ?? activityId}".`,
        };
      }
      if (named.includes(activityId)) {
        return {
          code: CODE_OF_ERROR_END,
          error: `The process has ended at "${activityName ?? activityId}".`,
        };
      }
    }
    return null;
  }
}

/** The activities of the process itself, not those of its sub-processes. */
function ownActivities(
  { id }: HistoricInstance,
  activities: readonly HistoricActivity[],
): readonly HistoricActivity[] {
  return activities.filter(({ parentActivityInstanceId = null }) =>
    [null, id].includes(parentActivityInstanceId),
  );
}

/** Which variables are the result, by the definition here, else by the property of the process. */
function selectionOf(schema: z.ZodType | undefined, model: BpmnModel | null, key: string): ResultSelection {
  if (schema instanceof z.ZodObject)
    return { kind: 'named', names: Object.keys(schema.shape), absent: 'omitted' };
  const names = namesOf(model, key, RESULT_PROPERTY);
  return names.length > 0 ? { kind: 'named', names, absent: 'null' } : { kind: 'unnamed' };
}

function namesOf(model: BpmnModel | null, key: string, property: string): readonly string[] {
  const process = model?.processes.find((each) => each.id === key);
  return (process?.properties.get(property) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The variable that the event names, else the message or the name of the error in the model. */
function messageOf(element: BpmnElement | null, variables: readonly HistoricTypedVariable[]): string | null {
  const thrown = element?.thrownError ?? null;
  if (thrown === null) return null;
  const variable = variables.find(({ name }) => name === thrown.messageVariable);
  const value = variable === undefined ? null : fromTypedVariable(variable);
  if (typeof value === 'string' && value !== '') return value;
  if (thrown.message !== null && !EXPRESSION.test(thrown.message)) return thrown.message;
  return thrown.name;
}

/**
 * A process without an end event whose last element leads on: a BPMN error that nothing catches ends it there. The
 * history does not keep the code of the error.
 */
function uncaughtError(own: readonly HistoricActivity[], model: BpmnModel | null): UncaughtError | null {
  const [last] = own;
  if (last === undefined || model === null) return null;
  if (own.some(({ activityType }) => activityType.endsWith('EndEvent'))) return null;
  const leadsOn = model.elements.some(({ sourceId }) => sourceId === last.activityId);
  if (!leadsOn) return null;
  const name = last.activityName ?? last.activityId;
  return {
    code: CODE_OF_ERROR_END,
    error: `The process has ended at "${name}" by a BPMN error that nothing in it catches.`,
  };
}
