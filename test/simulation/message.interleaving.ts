import {
  EngineAmbiguousError,
  EngineResponseError,
  EngineUnreachableError,
  type MessageReceiver,
} from '../../src/camunda-engine/index.js';
import { createConfiguration } from '../../src/config/index.js';
import type { ProcessMessageRecord } from '../../src/process-message/index.js';
import type { ProcessRecord } from '../../src/process-store/index.js';
import { MessageDeliveryService } from '../../src/process/commands/message-delivery.service.js';
import { MessageReceiverFinder } from '../../src/process/commands/message-receiver.finder.js';
import { MessageSender } from '../../src/process/commands/message.sender.js';
import type { MessageCommand, MessageResult } from '../../src/process/commands/process-message.js';
import { ProcessMessageService } from '../../src/process/commands/process-message.service.js';
import { SeededRun } from './seeded.run.js';
import type { VirtualWorld } from './virtual.world.js';

/** The times of the service, shortened so that a run covers all of them. */
const {
  process: PROCESS,
  camunda: CAMUNDA,
  wait: WAIT,
} = createConfiguration({
  CAMUNDA_BASE_URL: 'http://127.0.0.1:1/engine-rest',
  CAMUNDA_START_TIMEOUT_MS: '1500',
  START_LEASE_MS: '2000',
  START_SETTLE_MS: '3000',
  START_ACK_TIMEOUT_MS: '50',
});

/** Longest time of a read or commit on the disk, and of a call to the engine, in ms. */
const DISK_MS = 20;
const CALL_MS = 30;
/** The engine executes no request later than this after it was sent; less than `START_SETTLE_MS`. */
const LATEST_MS = 2_800;
/** How long after the end of the instance its row has the outcome, in ms. */
const OUTCOME_AFTER_MS = 100;
/** A client repeats an unclear request after this time, and at most so often. */
const REPEAT_MS = 900;
const MAX_REPEATS = 40;

const FACTS = { method: 'POST', path: '/message' };
const CORRELATION_ID = 'p';
const INSTANCE = 'i';

/** Makes a deliberate fault in the shipped services. */
export interface MessageMutant {
  /** A message is sent again without a pause. */
  readonly settlesAtOnce?: boolean;
  /** The trace in the engine is not found. */
  readonly isTraceless?: boolean;
  /** A claim succeeds although another request has claimed the message. */
  readonly claimsTwice?: boolean;
}

/** What happens to a message on its way to the engine. */
type Fate = 'taken' | 'answer-lost' | 'late' | 'never-arrived' | 'conflict' | 'unreachable';

/** An instance that waits for messages, one after the other or without end. */
class SimulatedReceiver {
  /** The ids of the delivered messages; null for those of another client of the engine. */
  readonly delivered: (string | null)[] = [];
  readonly traces = new Set<string>();
  endedAt: number | null = null;

  constructor(
    private readonly world: VirtualWorld,
    /** How many messages it takes before it ends; Infinity for a non-interrupting event. */
    private readonly waits: number,
  ) {}

  get isWaiting(): boolean {
    return this.endedAt === null;
  }

  /** @returns false if it does not wait */
  deliver(messageId: string | null, trace: string | null): boolean {
    if (!this.isWaiting) return false;
    this.world.note(`the engine delivers ${messageId ?? 'a message from elsewhere'}`);
    this.delivered.push(messageId);
    if (trace !== null) this.traces.add(trace);
    if (this.delivered.length >= this.waits) this.end();
    return true;
  }

  end(): void {
    if (this.endedAt !== null) return;
    this.world.note('the instance ends');
    this.endedAt = this.world.now;
  }
}

/** What survives a crash of the service. */
interface Durable {
  readonly world: VirtualWorld;
  readonly receiver: SimulatedReceiver;
  readonly messages: Map<string, ProcessMessageRecord>;
  /** Events of the trail by their keys. */
  readonly trail: Map<string, string>;
  /** True if the engine runs inside the service, and ends with it. */
  readonly isEmbedded: boolean;
  readonly fate: () => Fate;
  readonly mutant: MessageMutant;
}

/** One run of the service: the shipped services over the durable state, until it crashes. */
class MessageInstance {
  readonly service: ProcessMessageService;
  isAlive = true;

  constructor(
    private readonly durable: Durable,
    readonly name: string,
  ) {
    const { world, receiver, isEmbedded, mutant, trail } = durable;
    const camunda = { ...CAMUNDA, deploy: false, ...(isEmbedded ? { baseUrl: null } : {}) };
    const config = { ...PROCESS, ...(mutant.settlesAtOnce === true ? { startSettleMs: 0 } : {}) };
    const store = { get: () => this.disk(() => this.record()) };
    const engine = {
      findReceivers: () =>
        this.ask<MessageReceiver[]>(() =>
          receiver.isWaiting ? [{ id: 'e', processInstanceId: INSTANCE }] : [],
        ),
      correlate: (message: {
        readonly localVariables: Readonly<Record<string, { readonly value?: unknown }>>;
      }) => this.correlate(message.localVariables),
      hadVariable: (_id: string, name: string) =>
        this.ask(() => mutant.isTraceless !== true && receiver.traces.has(name)),
      getProcessInstance: () => this.ask(() => (receiver.isWaiting ? { suspended: false } : null)),
      getHistoricInstance: () => this.ask(() => ({ endTime: receiver.isWaiting ? null : 'then' })),
    };
    const waits = {
      waitFor: (_id: string, timeoutMs: number) => this.wait(timeoutMs),
      hint: () => undefined,
    };
    const finder = new MessageReceiverFinder(
      engine as never,
      engine as never,
      { whenDeployed: () => Promise.resolve() } as never,
      { instancesOf: () => Promise.resolve([INSTANCE]) } as never,
      { find: () => Promise.resolve([]) } as never,
      { running: () => undefined } as never,
      { findAll: () => Promise.resolve([]) } as never,
      waits as never,
      store as never,
      { find: () => store.get() } as never,
      config,
      camunda,
    );
    const events = {
      log: (
        _record: unknown,
        event: { readonly eventKey: string; readonly metadata: { messageId: string } },
      ) =>
        this.disk(() => {
          if (!trail.has(event.eventKey)) trail.set(event.eventKey, event.metadata.messageId);
        }),
    };
    const messages = this.repository() as never;
    const delivery = new MessageDeliveryService(
      new MessageSender(engine as never, engine as never, finder),
      messages,
      store as never,
      waits as never,
      { watch: () => ({ found: null, stop: () => undefined }) } as never,
      { peek: () => null, forget: () => undefined } as never,
      events as never,
    );
    this.service = new ProcessMessageService(
      finder,
      delivery,
      messages,
      {} as never,
      store as never,
      { id: name },
      { refusing: false } as never,
      WAIT,
      config,
      camunda,
    );
    world.note(`${name} opens`);
  }

  private record(): ProcessRecord {
    const { world, receiver } = this.durable;
    const isOver = receiver.endedAt !== null && world.now >= receiver.endedAt + OUTCOME_AFTER_MS;
    return {
      correlationId: CORRELATION_ID,
      processKey: 'k',
      processInstanceId: INSTANCE,
      startMessage: null,
      status: isOver ? 'ok' : 'pending',
      outcomeOrigin: isOver ? 'engine' : null,
    } as ProcessRecord;
  }

  private wait(timeoutMs: number) {
    const { receiver } = this.durable;
    let cancel = (): void => undefined;
    const ended = new Promise((resolve) => {
      const over = setTimeout(resolve, timeoutMs, { kind: 'timeout' });
      const known = setTimeout(() => {
        if (receiver.endedAt !== null) resolve({ kind: 'completed', payload: this.record() });
      }, OUTCOME_AFTER_MS * 2);
      cancel = () => {
        clearTimeout(over);
        clearTimeout(known);
        resolve({ kind: 'cancelled' });
      };
    });
    return { ended, cancel };
  }

  /** A commit or a read is one step; the instance learns of it in a later one, and never if it crashes in between. */
  private disk<T>(run: () => T): Promise<T> {
    return this.step(DISK_MS, run);
  }

  private ask<T>(run: () => T): Promise<T> {
    const { world } = this.durable;
    return this.step(CALL_MS, run).then((answer) => {
      if (world.chance.hits(0.03)) throw new EngineAmbiguousError(FACTS, 'no answer in time', null);
      return answer;
    });
  }

  private step<T>(ms: number, run: () => T): Promise<T> {
    const { world } = this.durable;
    return new Promise((resolve) => {
      this.laterAlive(world.chance.below(ms), () => {
        const result = run();
        this.laterAlive(world.chance.below(ms), () => {
          resolve(result);
        });
      });
    });
  }

  private laterAlive(ms: number, run: () => void): void {
    this.durable.world.later(ms, () => {
      if (this.isAlive) run();
    });
  }

  private correlate(localVariables: Readonly<Record<string, { readonly value?: unknown }>>): Promise<void> {
    const { world, receiver, isEmbedded, fate } = this.durable;
    const [trace = ''] = Object.keys(localVariables);
    const messageId = String(localVariables[trace]?.value);
    const chosen = fate();
    world.note(`${this.name} sends ${messageId}: ${chosen}`);
    /** The engine executes a request also if its client is gone, unless it ends with it. */
    const execute = (ms: number, then: (isDelivered: boolean) => void): void => {
      world.later(ms, () => {
        if (this.isAlive || !isEmbedded) then(receiver.deliver(messageId, trace));
      });
    };
    return new Promise((resolve, reject) => {
      const fail = (ms: number, error: Error): void => {
        this.laterAlive(ms, () => {
          reject(error);
        });
      };
      const timeOut = new EngineAmbiguousError(FACTS, 'no answer in time', null);
      switch (chosen) {
        case 'taken':
          execute(world.chance.below(CALL_MS), (isDelivered) => {
            if (isDelivered) this.laterAlive(world.chance.below(CALL_MS), resolve);
            else fail(world.chance.below(CALL_MS), mismatch());
          });
          break;
        case 'answer-lost':
          execute(world.chance.below(CALL_MS), () => undefined);
          fail(world.chance.hits(0.5) ? CALL_MS : CAMUNDA.startTimeoutMs, timeOut);
          break;
        case 'late':
          execute(
            CAMUNDA.startTimeoutMs + world.chance.below(LATEST_MS - CAMUNDA.startTimeoutMs),
            () => undefined,
          );
          fail(world.chance.hits(0.5) ? CALL_MS : CAMUNDA.startTimeoutMs, timeOut);
          break;
        case 'never-arrived':
          fail(CAMUNDA.startTimeoutMs, timeOut);
          break;
        case 'conflict':
          fail(CALL_MS, new EngineResponseError(FACTS, 500, 'OptimisticLockingException', 'ENGINE-03005', 1));
          break;
        case 'unreachable':
          fail(0, new EngineUnreachableError(FACTS, 'connection refused'));
          break;
      }
    });
  }

  /** The statements of `process_message` on rows in memory. */
  private repository() {
    const { world, messages, isEmbedded, mutant } = this.durable;
    const changed = (
      { messageId, claimId }: { readonly messageId: string; readonly claimId: string },
      allows: (row: ProcessMessageRecord) => boolean,
      change: Partial<ProcessMessageRecord>,
    ) =>
      this.disk(() => {
        const row = messages.get(messageId);
        if (row?.claimId !== claimId || !allows(row)) return null;
        const next = { ...row, ...change };
        messages.set(messageId, next);
        return next;
      });
    const after = (ms: number): Date => new Date(world.now + ms);
    const isCorrelating = ({ state }: ProcessMessageRecord): boolean => state === 'correlating';
    return {
      isSoleWriter: isEmbedded,
      now: () => after(0),
      find: (messageId: string) => this.disk(() => messages.get(messageId) ?? null),
      claim: ({
        owner,
        leaseMs,
        ...given
      }: Pick<
        ProcessMessageRecord,
        'messageId' | 'claimId' | 'correlationId' | 'requestHash' | 'processInstanceId'
      > & {
        owner: string;
        leaseMs: number;
      }) =>
        this.disk(() => {
          const found = messages.get(given.messageId);
          if (found !== undefined && mutant.claimsTwice !== true) return { kind: 'exists', record: found };
          const record: ProcessMessageRecord = {
            ...given,
            state: 'correlating',
            leaseOwner: owner,
            leaseUntil: after(leaseMs),
            lastAttemptAt: after(0),
            createdAt: after(0),
          };
          messages.set(given.messageId, record);
          return { kind: 'claimed', record };
        }),
      lease: (
        row: ProcessMessageRecord,
        { owner, leaseMs, deadOwner }: { owner: string; leaseMs: number; deadOwner: string | null },
      ) =>
        changed(
          row,
          (now) =>
            isCorrelating(now) &&
            (now.leaseUntil === null ||
              now.leaseUntil.getTime() <= world.now ||
              now.leaseOwner === (deadOwner ?? owner)),
          { leaseOwner: owner, leaseUntil: after(leaseMs + 2 * DISK_MS) },
        ),
      beginAttempt: (attempt: ProcessMessageRecord & { owner: string; leaseMs: number; settleMs: number }) =>
        changed(
          attempt,
          (now) =>
            isCorrelating(now) &&
            now.leaseOwner === attempt.owner &&
            (now.lastAttemptAt?.getTime() ?? 0) <= world.now - attempt.settleMs,
          { leaseUntil: after(attempt.leaseMs + 2 * DISK_MS), lastAttemptAt: after(2 * DISK_MS) },
        ),
      doubt: (row: ProcessMessageRecord, owner: string) =>
        changed(row, (now) => isCorrelating(now) && now.leaseOwner === owner, {
          leaseOwner: null,
          leaseUntil: null,
          lastAttemptAt: after(0),
        }),
      release: (row: ProcessMessageRecord, owner: string) =>
        changed(row, (now) => isCorrelating(now) && now.leaseOwner === owner, {
          leaseOwner: null,
          leaseUntil: null,
        }),
      settle: (row: ProcessMessageRecord) =>
        changed(row, () => true, { state: 'correlated', leaseUntil: null }),
      remove: ({ messageId, claimId, leaseOwner }: ProcessMessageRecord) =>
        this.disk(() => {
          const row = messages.get(messageId);
          if (row?.claimId !== claimId || row.state === 'correlated' || row.leaseOwner !== leaseOwner) return;
          messages.delete(messageId);
        }),
    };
  }
}

/** What clients learned about one message. */
interface Known {
  correlated: number;
  obstacles: number;
}

/**
 * One run of one or two instances of the service over one engine instance. A seed decides what happens: messages that are
 * sent several times, at once and to both instances, messages from elsewhere, the end of the instance, answers that are
 * lost or late, and crashes.
 */
export class MessageInterleaving extends SeededRun {
  private readonly durable: Durable;
  private readonly instances: MessageInstance[] = [];
  private readonly known = new Map<string, Known>();
  private open = 0;
  private opened = 0;
  private crashes = 0;

  constructor(seed: number, mutant: MessageMutant = {}) {
    super(seed);
    const { chance } = this.world;
    const isEmbedded = chance.hits(0.25);
    const trouble = chance.pick([0, 0.2, 0.5, 0.8]);
    let sent = 0;
    this.durable = {
      world: this.world,
      receiver: new SimulatedReceiver(this.world, chance.pick([1, 2, 2, 4, Infinity])),
      messages: new Map(),
      trail: new Map(),
      isEmbedded,
      // In the end every message arrives.
      fate: () => {
        sent += 1;
        if (sent > 12 || !chance.hits(trouble)) return 'taken';
        return chance.pick<Fate>([
          'answer-lost',
          'answer-lost',
          'late',
          'never-arrived',
          'conflict',
          'unreachable',
        ]);
      },
      mutant,
    };
  }

  protected begin(): void {
    const { world, durable } = this;
    const { chance } = world;
    const count = durable.isEmbedded ? 1 : 1 + chance.below(2);
    for (let index = 0; index < count; index += 1) this.openInstance(index);
    const moment = (): number => (chance.hits(0.6) ? chance.below(60) : chance.below(6_000));
    for (const messageId of ['m1', 'm2', 'm3'].slice(0, 1 + chance.below(3))) {
      this.known.set(messageId, { correlated: 0, obstacles: 0 });
      const requests = 1 + chance.below(4);
      for (let request = 0; request < requests; request += 1)
        world.later(moment(), () => void this.send(messageId, MAX_REPEATS));
    }
    for (let other = chance.pick([0, 0, 0, 1, 2]); other > 0; other -= 1)
      world.later(moment(), () => durable.receiver.deliver(null, null));
    if (chance.hits(0.25))
      world.later(moment(), () => {
        durable.receiver.end();
      });
    for (let crash = chance.pick([0, 0, 1, 1, 2, 3]); crash > 0; crash -= 1)
      world.later(moment(), () => {
        this.crash(chance.below(count));
      });
  }

  private openInstance(index: number): void {
    this.opened += 1;
    this.instances[index] = new MessageInstance(
      this.durable,
      `${String.fromCharCode(65 + index)}${this.opened}`,
    );
  }

  private crash(index: number): void {
    const instance = this.instances[index];
    if (instance?.isAlive !== true) return;
    this.world.note(`${instance.name} crashes`);
    this.crashes += 1;
    instance.isAlive = false;
    this.world.later(this.world.chance.below(800), () => {
      this.openInstance(index);
    });
  }

  /** Sends a message, and again until it is clear what became of it, as clients do. */
  private async send(messageId: string, left: number): Promise<void> {
    const { world, durable } = this;
    const instance = world.chance.pick(this.instances);
    const again = (): void => {
      if (left === 0) this.violate(`${messageId} is never resolved`);
      else
        world.later(REPEAT_MS + world.chance.below(200), () => {
          void this.send(messageId, left - 1);
        });
    };
    if (!instance.isAlive) {
      again();
      return;
    }
    const command: MessageCommand = {
      messageName: 'm',
      messageId,
      correlationId: CORRELATION_ID,
      correlationKeys: {},
      variables: {},
      requester: {} as never,
    };
    this.open += 1;
    // The client of a crashed instance gets no answer and repeats.
    let isAnswered = false;
    const watch = (): void => {
      if (isAnswered) return;
      if (instance.isAlive) world.later(300, watch);
      else {
        this.open -= 1;
        again();
      }
    };
    world.later(300, watch);
    const hasCrashed = (): boolean => !instance.isAlive;
    let result: MessageResult;
    try {
      result = await instance.service.send(command, () => undefined, 0);
    } catch (error) {
      this.violate(`a request for ${messageId} failed: ${String(error)}`);
      return;
    }
    if (hasCrashed()) return;
    isAnswered = true;
    this.open -= 1;
    world.note(`${instance.name} answers ${messageId}: ${result.kind}`);
    const known = this.known.get(messageId);
    if (known === undefined) return;
    if (result.kind === 'correlated') {
      known.correlated += 1;
      if (!durable.receiver.delivered.includes(messageId))
        this.violate(`${messageId} was answered as correlated and is not delivered`);
    } else if (['no-receiver', 'ended'].includes(result.kind)) {
      known.obstacles += 1;
      // A client that then sends it under another id would have it delivered twice.
      if (durable.receiver.delivered.includes(messageId))
        this.violate(`${messageId} was answered ${result.kind} although it is delivered`);
    } else if (result.kind === 'engine-unavailable' || result.kind === 'in-progress') again();
    else this.violate(`${messageId} was answered ${result.kind}`);
  }

  protected judge(): void {
    const { receiver, trail } = this.durable;
    if (this.open > 0) this.violate(`${this.open} requests have no answer`);
    for (const [messageId, { correlated }] of this.known) {
      const times = receiver.delivered.filter((each) => each === messageId).length;
      const rows = [...trail.values()].filter((each) => each === messageId).length;
      if (times > 1) this.violate(`${messageId} was delivered ${times} times`);
      if (times === 1 && correlated === 0)
        this.violate(`${messageId} was delivered, and no client received that`);
      if (rows !== Math.min(times, 1)) this.violate(`the trail has ${messageId} ${rows} times`);
    }
  }
}

function mismatch(): EngineResponseError {
  const text =
    "org.camunda.bpm.engine.MismatchingMessageCorrelationException: Cannot correlate message 'm': nobody";
  return new EngineResponseError(FACTS, 400, 'RestException', text, 0);
}
