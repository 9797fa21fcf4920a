import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiParam, ApiQuery } from '@nestjs/swagger';
import {
  answers,
  CHANGE_PROBLEMS,
  errorOutcome,
  json,
  operation,
  preferHeader,
  PROCESS_HEADERS,
  ref,
  text,
} from './openapi.answers.js';

const taskIdParam = ApiParam({ name: 'taskId', schema: { type: 'string', maxLength: 64 } });

const variablesParam = ApiQuery({
  name: 'variables',
  required: false,
  description: 'Names of variables to show, separated by commas.',
  schema: text,
});

/** Problems of every route with a task id in its path. */
const TASK_PROBLEMS = {
  400: 'The request is not valid.',
  404: 'No process of this service has an open task with this id.',
  414: 'The task id is too long.',
};

/** Further problems of a route that changes a task. */
const COMMAND_PROBLEMS = {
  ...TASK_PROBLEMS,
  409: 'Another user has the task, it has ended before, or the engine refuses the change.',
  ...CHANGE_PROBLEMS,
};

const filter = (name: string, description: string): MethodDecorator =>
  ApiQuery({ name, required: false, description, schema: text });

/** Request and responses of `GET tasks`. */
export const DocumentTaskList = (): MethodDecorator =>
  applyDecorators(
    ...operation('listTasks', 'List the open tasks of people, oldest first'),
    filter('correlationId', 'Only tasks of this process and of those that it has called.'),
    filter('processKey', 'Only tasks of processes that were started with this key.'),
    filter('assignee', 'Only tasks of this user.'),
    filter('candidateGroup', 'Only tasks without an assignee that this group may claim.'),
    filter('name', 'Only tasks with this name.'),
    variablesParam,
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100 } }),
    filter('cursor', 'The `nextCursor` of the previous page.'),
    ...answers({ 200: json('TaskList', 'A page of tasks.') }, { 400: 'A parameter is not valid.' }),
  );

/** Request and responses of `GET tasks/{taskId}`. */
export const DocumentTask = (): MethodDecorator =>
  applyDecorators(
    ...operation('getTask', 'Get an open task'),
    taskIdParam,
    variablesParam,
    ...answers({ 200: json('Task', 'The task.') }, TASK_PROBLEMS),
  );

/** Request and responses of `POST tasks/{taskId}/claim`. */
export const DocumentClaim = (): MethodDecorator =>
  applyDecorators(
    ...operation('claimTask', 'Make a user the assignee of a task'),
    taskIdParam,
    ApiBody(ref('ClaimRequest')),
    ...answers({ 200: json('Task', 'The user has the task.') }, COMMAND_PROBLEMS),
  );

/** Request and responses of `POST tasks/{taskId}/unclaim`. */
export const DocumentUnclaim = (): MethodDecorator =>
  applyDecorators(
    ...operation('unclaimTask', 'Remove the assignee of a task'),
    taskIdParam,
    ApiBody({ ...ref('UnclaimRequest'), required: false }),
    ...answers({ 200: json('Task', 'The task has no assignee.') }, COMMAND_PROBLEMS),
  );

/** The responses of the two routes that leave a task. */
const leavingAnswers = (): MethodDecorator[] => {
  const headers = { always: PROCESS_HEADERS, sometimes: ['Preference-Applied'] } as const;
  return answers(
    {
      200: json('TaskSuccession', 'The process finished within the wait.', headers),
      202: json('TaskSuccession', 'The next task of a person is open, or the wait ended first.', {
        ...headers,
        always: [...PROCESS_HEADERS, 'Retry-After', 'Location'],
      }),
      422: errorOutcome('TaskSuccession', headers),
      500: json('TaskSuccession', 'The process ended in error.', headers),
    },
    COMMAND_PROBLEMS,
  );
};

/** Request and responses of `POST tasks/{taskId}/complete`. */
export const DocumentCompleteTask = (): MethodDecorator =>
  applyDecorators(
    ...operation('completeTask', 'Complete a task and wait for the result or the next task'),
    taskIdParam,
    preferHeader,
    ApiBody({ ...ref('CompleteTaskRequest'), required: false }),
    ...leavingAnswers(),
  );

/** Request and responses of `POST tasks/{taskId}/bpmn-error`. */
export const DocumentTaskBpmnError = (): MethodDecorator =>
  applyDecorators(
    ...operation(
      'raiseTaskBpmnError',
      'Raise a BPMN error at a task and wait for the result or the next task',
    ),
    taskIdParam,
    preferHeader,
    ApiBody(ref('BpmnErrorRequest')),
    ...leavingAnswers(),
  );
