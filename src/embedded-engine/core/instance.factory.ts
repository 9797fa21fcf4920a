import { BadUserRequestError } from '../state/engine.errors.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { Interpreter } from './interpreter.js';
import { ProcessInstanceState } from '../state/process-instance.state.js';
import type { Variables } from '../state/typed-value.types.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Parameters of a new instance. */
interface StartInstanceOptions {
  readonly startActivityId: string;
  readonly businessKey: string | null;
  readonly variables: Variables;
}

/** Creates an instance and runs it to its first wait states. @throws BadUserRequest for a suspended definition */
export function startInstance(
  work: UnitOfWork,
  interpreter: Interpreter,
  definition: ExecutableDefinition,
  { startActivityId, businessKey, variables }: StartInstanceOptions,
): ProcessInstanceState {
  const { record } = definition;
  if (record.suspended) {
    throw new BadUserRequestError(
      `ENGINE-03043 Process Definition with id '${record.id}' is suspended.`,
      'SuspendedEntityInteractionException',
    );
  }
  const instance = ProcessInstanceState.create(
    {
      id: work.newId(),
      definitionId: record.id,
      businessKey,
      tenantId: record.tenantId,
      startTime: work.now,
      startActivityId,
      caller: null,
    },
    record.key,
  );
  work.addInstance(instance);
  interpreter.start(instance, variables);
  return instance;
}
