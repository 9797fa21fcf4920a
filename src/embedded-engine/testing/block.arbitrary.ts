import fc from 'fast-check';
import type { Block, Body, Handler, Work } from './block.types.js';

/** Approximate maximum number of waits of a run; larger processes do not find more errors than several small ones. */
const MAX_WEIGHT = 40;

const id = fc.constant('');
const fewer = { depthSize: 'small', withCrossShrink: true, maxDepth: 5 } as const;
const timedOrMessage = fc.constantFrom('message' as const, 'timer' as const);

const { block: anyBlock, handlers: anyHandlers } = fc.letrec<{
  block: Block;
  handler: Handler;
  handlers: readonly Handler[];
  body: Body;
  work: Work;
}>((tie) => {
  const block = tie('block');
  const handlers = tie('handlers');
  const event = fc.record({ kind: fc.constant('catch' as const), id, on: timedOrMessage });
  return {
    handlers: fc.oneof(
      fewer,
      fc.constant([]),
      fc.constant([]),
      fc.array(tie('handler'), { minLength: 1, maxLength: 2 }),
    ),
    handler: fc.record({
      kind: fc.constant('handler' as const),
      id,
      on: fc.constantFrom('error' as const, 'message' as const, 'timer' as const),
      interrupting: fc.boolean(),
      then: block,
    }),
    body: fc.record({ inner: block, events: handlers }),
    work: fc.oneof(
      fewer,
      fc.record({ type: fc.constant('external' as const), fails: fc.boolean() }),
      fc.record({ type: fc.constant('user' as const) }),
      fc.record({ type: fc.constant('receive' as const) }),
      fc.record({ type: fc.constantFrom('sub' as const, 'call' as const), body: tie('body') }),
      fc.record({ type: fc.constant('sub' as const), body: tie('body') }),
    ),
    block: fc.oneof(
      fewer,
      fc.record({
        kind: fc.constant('activity' as const),
        id,
        work: fc.record({ type: fc.constant('external' as const), fails: fc.boolean() }),
        loop: fc.constant(null),
        boundaries: fc.constant([]),
        isMapped: fc.boolean(),
      }),
      event,
      fc.record({ kind: fc.constant('fragile' as const), id }),
      fc.record({ kind: fc.constant('raise' as const), id, throws: fc.boolean() }),
      fc.record({
        kind: fc.constant('sequence' as const),
        id,
        blocks: fc.array(block, { minLength: 2, maxLength: 4 }),
      }),
      fc.record({
        kind: fc.constant('gateway' as const),
        id,
        type: fc.constantFrom('xor' as const, 'and' as const, 'or' as const),
        branches: fc.array(block, { minLength: 2, maxLength: 3 }),
        take: fc.nat(20),
      }),
      fc.record({
        kind: fc.constant('race' as const),
        id,
        events: fc.array(fc.record({ event, then: block }), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant('repeat' as const),
        id,
        times: fc.integer({ min: 1, max: 3 }),
        body: block,
      }),
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('activity' as const),
          id,
          work: tie('work'),
          loop: fc.option(
            fc.record({
              isSequential: fc.boolean(),
              count: fc.nat(3),
              enough: fc.option(fc.integer({ min: 1, max: 3 })),
            }),
          ),
          boundaries: handlers,
          isMapped: fc.boolean(),
        }),
      },
    ),
  };
});

const wholeBodies: fc.Arbitrary<Body> = fc.record({
  inner: fc.record({
    kind: fc.constant('sequence' as const),
    id,
    blocks: fc.array(anyBlock, { minLength: 1, maxLength: 4 }),
  }),
  events: anyHandlers,
});

/** Bodies of processes with unique ids, in which all errors are caught. */
export const processBodies: fc.Arbitrary<Body> = wholeBodies
  .filter((body) => weightOfBody(body) <= MAX_WEIGHT)
  .map((body) => named(guardBody(body, false)));

function weightOfBody({ inner, events }: Body): number {
  return weightOf(inner) + sum(events.map(({ then }) => 1 + weightOf(then)));
}

/** Approximate maximum number of waits of a block. */
function weightOf(block: Block): number {
  switch (block.kind) {
    case 'fragile':
      return 0.2;
    case 'catch':
    case 'raise':
      return 1;
    case 'sequence':
      return sum(block.blocks.map(weightOf));
    case 'gateway':
      return sum(block.branches.map(weightOf));
    case 'race':
      return 1 + Math.max(...block.events.map(({ then }) => weightOf(then)));
    case 'repeat':
      return block.times * weightOf(block.body);
    case 'activity': {
      const { work, loop, boundaries } = block;
      const once = work.type === 'sub' || work.type === 'call' ? weightOfBody(work.body) : 1;
      return once * (loop?.count ?? 1) + sum(boundaries.map(({ then }) => 1 + weightOf(then)));
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** An uncaught error would end its path only, and a join after it would wait forever. */
function guard(block: Block, guarded: boolean): Block {
  switch (block.kind) {
    case 'catch':
    case 'fragile':
      return block;
    case 'raise':
      return { ...block, throws: block.throws && guarded };
    case 'sequence':
      return { ...block, blocks: block.blocks.map((one) => guard(one, guarded)) };
    case 'gateway':
      return { ...block, branches: block.branches.map((one) => guard(one, guarded)) };
    case 'race':
      return {
        ...block,
        events: block.events.map(({ event, then }) => ({ event, then: guard(then, guarded) })),
      };
    case 'repeat':
      return { ...block, body: guard(block.body, guarded) };
    case 'activity': {
      const boundaries = handlersOf(block.boundaries, () => guarded);
      const inside = guarded || catchesErrors(boundaries);
      const { work } = block;
      // A multi-instance activity must not have outputs.
      const isMapped = block.isMapped && block.loop === null;
      if (work.type === 'external')
        return { ...block, isMapped, boundaries, work: { ...work, fails: work.fails && inside } };
      if (work.type === 'user' || work.type === 'receive') return { ...block, isMapped, boundaries };
      return { ...block, isMapped, boundaries, work: { ...work, body: guardBody(work.body, inside) } };
    }
  }
}

function guardBody({ inner, events }: Body, guarded: boolean): Body {
  const inside = guarded || catchesErrors(events);
  // An event sub-process does not catch errors from its own content.
  return {
    inner: guard(inner, inside),
    events: handlersOf(events, ({ on }) => (on === 'error' ? guarded : inside)),
  };
}

/** At most one of them catches errors; it always interrupts. */
function handlersOf(
  handlers: readonly Handler[],
  isGuarded: (handler: Handler) => boolean,
): readonly Handler[] {
  return handlers
    .filter(({ on }, at) => on !== 'error' || handlers.findIndex((other) => other.on === 'error') === at)
    .map((handler) => ({
      ...handler,
      interrupting: handler.interrupting || handler.on === 'error',
      then: guard(handler.then, isGuarded(handler)),
    }));
}

function catchesErrors(handlers: readonly Handler[]): boolean {
  return handlers.some(({ on }) => on === 'error');
}

/** Gives every block a unique id. */
function named<T>(value: T): T {
  let count = 0;
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).map(([key, inner]) => {
      if (key !== 'id') return [key, copy(inner)] as const;
      count += 1;
      return [key, `${(part as { kind: string }).kind}${count}`] as const;
    });
    return Object.fromEntries(entries);
  };
  return copy(value) as T;
}
