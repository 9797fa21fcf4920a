import { Inject, Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import {
  EngineBpmnModelsService,
  EngineHistoryClient,
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
import { type AbnormalEnd, findAbnormalEnd } from './abnormal-end.js';
import { areVariablesMissing, type ResultSelection, selectResult } from './result.variables.js';

/** The property of a `bpmn:process` that names its result variables, separated by commas. */
const RESULT_PROPERTY = 'result';

/** The property of a `bpmn:process` that names end events whose outcome is an error, separated by commas. */
const ERROR_ENDS_PROPERTY = 'errorEndEvents';

/** The error code of a process that ended in an error without a code. */
const CODE_OF_ERROR_END = 'PROCESS_ERROR';

/** The longest error text that is kept, in characters; more is cut, as in a reason for a cancel. */
const MAX_ERROR_LENGTH = 10_000;

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
    const named = namesOf(model, instance.processDefinitionKey, ERROR_ENDS_PROPERTY);
    const abnormal = findAbnormalEnd(processInstanceId, activities, model, named);
    if (abnormal !== null) {
      const isReported = abnormal.kind === 'uncaught' && reported !== undefined;
      const { code, error } = isReported ? reported : describeError(abnormal, variables, model);
      const errorCode = ownCodeOf(code, { correlationId, logger: this.logger });
      const kind = abnormal.kind === 'uncaught' && !isReported ? 'uncaught-elsewhere' : 'outcome';
      return {
        kind,
        activities,
        model,
        outcome: { origin: 'bpmn-error', status: 'error', error: truncated(error), errorCode },
      };
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
    if (schema === undefined) return { origin: 'engine', status: 'ok', data: data.json };
    const parsed = parseResult(schema, data.value);
    if ('fault' in parsed) {
      return serviceOutcome(
        'no-result',
        truncated(
          `The process has ended, and its variables are not the result that its definition describes:${parsed.fault}.`,
        ),
      );
    }
    return { origin: 'engine', status: 'ok', data: parsed.json };
  }
}

/** Parses a result by the schema of its definition; a schema that throws is the fault of this process alone. */
function parseResult(
  schema: z.ZodType,
  value: unknown,
): { readonly json: string } | { readonly fault: string } {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { json: stringifyJson(parsed.data) ?? 'null' };
    const [issue] = parsed.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
    return { fault: `${place} ${issue?.message ?? 'they do not fit'}` };
  } catch (error) {
    return { fault: ` the schema failed with "${error instanceof Error ? error.message : String(error)}"` };
  }
}

/** The error code and text of an abnormal end. */
function describeError(
  { kind, activity }: AbnormalEnd,
  variables: readonly HistoricTypedVariable[],
  model: BpmnModel | null,
): UncaughtError {
  const { activityId, activityName = null } = activity;
  const name = activityName ?? activityId;
  if (kind === 'error-end') {
    const element = model?.element(activityId) ?? null;
    return {
      code: element?.thrownError?.code ?? CODE_OF_ERROR_END,
      error: messageOf(element, variables) ?? `The process has ended in the error "${name}".`,
    };
  }
  return {
    code: CODE_OF_ERROR_END,
    error:
      kind === 'named-end'
        ? `The process has ended at "${name}".`
        : `The process has ended at "${name}" by a BPMN error that nothing in it catches.`,
  };
}

function truncated(text: string): string {
  return text.length <= MAX_ERROR_LENGTH ? text : `${text.slice(0, MAX_ERROR_LENGTH)}…`;
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
