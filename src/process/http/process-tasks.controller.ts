import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { principalOf, ProcessAccess, RequiresScope } from '../../auth/index.js';
import { releaseBody } from '../../common/bodies/index.js';
import { ZodValidationPipe } from '../../common/validation/index.js';
import { WAIT_CONFIG, type WaitConfig } from '../../config/index.js';
import type { FoundTask, TaskObstacle, TaskSuccession } from '../commands/process-task.js';
import { ProcessTaskService, type TaskActor, type TaskLeaving } from '../commands/process-task.service.js';
import { TaskListService } from '../commands/task-list.service.js';
import { sendAnswer } from './answer.sender.js';
import { onClientGone } from './client-gone.js';
import { ClientLimitsService } from './client-limits.service.js';
import { ProcessTaskPresenter } from './process-task.presenter.js';
import {
  DocumentClaim,
  DocumentCompleteTask,
  DocumentTask,
  DocumentTaskBpmnError,
  DocumentTaskList,
  DocumentUnclaim,
} from './process-tasks.openapi.js';
import {
  type BpmnErrorRequest,
  bpmnErrorRequestSchema,
  type ClaimRequest,
  claimRequestSchema,
  type CompleteTaskRequest,
  completeTaskRequestSchema,
  TaskListQuery,
  TaskQuery,
  type UnclaimRequest,
  unclaimRequestSchema,
} from './process-tasks.schemas.js';
import type { ProcessAnswer } from './process-view.presenter.js';
import { readRequester } from './requester.reader.js';
import { decodeTaskCursor } from './task-cursor.js';
import { TaskIdPipe } from './task-id.pipe.js';
import { readWaitPreference } from './wait-preference.js';

/** Default page size of the list. */
const DEFAULT_LIMIT = 20;

/** The REST routes of tasks of people: list, get, claim, unclaim, complete, BPMN error. */
@Controller('api/process/tasks')
export class ProcessTasksController {
  constructor(
    private readonly list: TaskListService,
    private readonly tasks: ProcessTaskService,
    private readonly presenter: ProcessTaskPresenter,
    private readonly shares: ClientLimitsService,
    @Inject(WAIT_CONFIG) private readonly waitConfig: WaitConfig,
  ) {}

  @Get()
  @RequiresScope('process:read')
  @DocumentTaskList()
  async page(@Query(ZodValidationPipe) query: TaskListQuery, @Res() reply: FastifyReply): Promise<void> {
    const { cursor, limit = DEFAULT_LIMIT, variables = [], ...filter } = query;
    const after = cursor === undefined ? null : decodeTaskCursor(cursor);
    const result = await this.list.list({
      ...definedOf(filter),
      variables,
      limit,
      after,
      access: ProcessAccess.of(principalOf(reply), 'process:read'),
    });
    this.send(reply, this.presenter.list(result));
  }

  @Get(':taskId')
  @RequiresScope('process:read')
  @DocumentTask()
  async get(
    @Param('taskId', TaskIdPipe) taskId: string,
    @Query(ZodValidationPipe) { variables = [] }: TaskQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const result = await this.list.get(
      taskId,
      variables,
      ProcessAccess.of(principalOf(reply), 'process:read'),
    );
    noteProcess(reply, result);
    this.send(reply, this.presenter.task(result));
  }

  @Post(':taskId/claim')
  @RequiresScope('process:complete')
  @HttpCode(200)
  @DocumentClaim()
  async claim(
    @Param('taskId', TaskIdPipe) taskId: string,
    @Body(new ZodValidationPipe(claimRequestSchema)) { userId }: ClaimRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const result = await this.tasks.claim(taskId, userId, actorOf(userId, reply));
    noteProcess(reply, result);
    this.send(reply, this.presenter.task(result));
  }

  @Post(':taskId/unclaim')
  @RequiresScope('process:complete')
  @HttpCode(200)
  @DocumentUnclaim()
  async unclaim(
    @Param('taskId', TaskIdPipe) taskId: string,
    @Body(new ZodValidationPipe(unclaimRequestSchema)) body: UnclaimRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const result = await this.tasks.unclaim(taskId, actorOf(body?.userId, reply));
    noteProcess(reply, result);
    this.send(reply, this.presenter.task(result));
  }

  @Post(':taskId/complete')
  @RequiresScope('process:complete')
  @HttpCode(200)
  @Header('Vary', 'Prefer')
  @DocumentCompleteTask()
  async complete(
    @Param('taskId', TaskIdPipe) taskId: string,
    @Body(new ZodValidationPipe(completeTaskRequestSchema)) body: CompleteTaskRequest,
    @Headers('prefer') prefer: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const leaving: TaskLeaving = { kind: 'complete', ...takeVariables(body, reply) };
    await this.leave(taskId, leaving, actorOf(body?.userId, reply), prefer, reply);
  }

  @Post(':taskId/bpmn-error')
  @RequiresScope('process:complete')
  @HttpCode(200)
  @Header('Vary', 'Prefer')
  @DocumentTaskBpmnError()
  async bpmnError(
    @Param('taskId', TaskIdPipe) taskId: string,
    @Body(new ZodValidationPipe(bpmnErrorRequestSchema)) body: BpmnErrorRequest,
    @Headers('prefer') prefer: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { errorCode, errorMessage = null, userId } = body;
    const leaving: TaskLeaving = {
      kind: 'bpmn-error',
      errorCode,
      errorMessage,
      ...takeVariables(body, reply),
    };
    await this.leave(taskId, leaving, actorOf(userId, reply), prefer, reply);
  }

  private async leave(
    taskId: string,
    leaving: TaskLeaving,
    actor: TaskActor,
    prefer: string | undefined,
    reply: FastifyReply,
  ): Promise<void> {
    const { waitMs, applied } = readWaitPreference(prefer, this.waitConfig.syncTimeoutMaxMs);
    // Beyond its limit a client's completion is executed without a wait, as with a full waitroom.
    const mayWait = waitMs === 0 || this.shares.mayWait(reply);
    const result = await this.tasks.leave(
      taskId,
      leaving,
      actor,
      onClientGone(reply),
      mayWait ? (waitMs ?? this.waitConfig.syncTimeoutMs) : 0,
    );
    noteProcess(reply, result);
    const answer = this.presenter.succession(result);
    this.send(reply, answer, applied(answer.httpStatus));
  }

  /** @throws ProblemError `too-many-answers` */
  private send(reply: FastifyReply, answer: ProcessAnswer, preferenceApplied: string | null = null): void {
    this.shares.assertAnswer(reply, answer.body.length);
    sendAnswer(reply, answer, preferenceApplied);
  }
}

/** Adds the correlation id to the log line of the request. */
function noteProcess({ request }: FastifyReply, result: FoundTask | TaskSuccession | TaskObstacle): void {
  const record = result.kind === 'task' ? result.task.record : 'record' in result ? result.record : null;
  if (record !== null) request.correlationId = record.correlationId;
}

/** The variables of a body, which the request then no longer refers to: it may wait for a long time. */
function takeVariables(
  body: { variables: Record<string, unknown> } | null | undefined,
  { request }: FastifyReply,
): Pick<TaskLeaving, 'variables' | 'onEmptied'> {
  const variables = body?.variables ?? {};
  if (body != null) body.variables = {};
  request.body = undefined;
  return {
    variables,
    onEmptied: () => {
      releaseBody(request.raw);
    },
  };
}

function actorOf(userId: string | undefined, { request }: FastifyReply): TaskActor {
  return {
    userId: userId ?? null,
    requester: readRequester(request),
    access: ProcessAccess.of(principalOf(request), 'process:complete'),
  };
}

/** The members that are defined. */
function definedOf<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
