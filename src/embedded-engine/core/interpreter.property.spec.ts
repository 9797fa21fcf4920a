/** Random block-structured processes against a recursive oracle, their tasks completed in a random order. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EngineHarness } from '../testing/engine.harness.js';
import {
  and,
  boundary,
  bpmn,
  end,
  error,
  flow,
  or,
  path,
  process,
  start,
  subProcess,
  task,
  xor,
} from '../testing/process.builder.js';

/** A block has one way in and one way out. `take` says which branches a gateway's conditions choose. */
type Block =
  | { readonly kind: 'task' }
  | { readonly kind: 'sequence'; readonly blocks: readonly Block[] }
  | { readonly kind: 'xor'; readonly branches: readonly Block[]; readonly take: number }
  | { readonly kind: 'and'; readonly branches: readonly Block[] }
  | { readonly kind: 'or'; readonly branches: readonly Block[]; readonly take: number }
  | { readonly kind: 'sub'; readonly inner: Block }
  /** A task with an error boundary event; whether the error is thrown, and what handles it. */
  | { readonly kind: 'guarded'; readonly fails: boolean; readonly handler: Block }
  /** A sub-process of a failing task beside another block, caught at its border. */
  | { readonly kind: 'guardedSub'; readonly fails: boolean; readonly beside: Block; readonly handler: Block };

const blocks = fc.letrec<{ block: Block }>((tie) => {
  const block = tie('block');
  const branches = fc.array(block, { minLength: 2, maxLength: 3 });
  return {
    block: fc.oneof(
      { depthSize: 'small', withCrossShrink: true, maxDepth: 4 },
      fc.record({ kind: fc.constant('task' as const) }),
      fc.record({
        kind: fc.constant('sequence' as const),
        blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('xor' as const), branches, take: fc.nat(20) }),
      fc.record({ kind: fc.constant('and' as const), branches }),
      fc.record({ kind: fc.constant('or' as const), branches, take: fc.nat(20) }),
      fc.record({ kind: fc.constant('sub' as const), inner: block }),
      fc.record({ kind: fc.constant('guarded' as const), fails: fc.boolean(), handler: block }),
      fc.record({
        kind: fc.constant('guardedSub' as const),
        fails: fc.boolean(),
        beside: block,
        handler: block,
      }),
    ),
  };
}).block;

/** What is left to do of a block, as the oracle sees it; a task is its topic. */
type Rest =
  | { readonly kind: 'done' }
  | { readonly kind: 'task'; readonly topic: string; readonly fails: boolean; readonly handler: Rest }
  | { readonly kind: 'sequence'; readonly first: Rest; readonly then: Rest }
  | { readonly kind: 'all'; readonly parts: readonly Rest[] }
  /** Ends by `handler` once the task `fatal` has thrown. */
  | { readonly kind: 'scope'; readonly inner: Rest; readonly fatal: string; readonly handler: Rest };

const DONE: Rest = { kind: 'done' };

/** The elements of a block, its ends, and what the oracle expects of it. */
interface Built {
  readonly xml: readonly string[];
  readonly first: string;
  readonly last: string;
  readonly rest: Rest;
}

/** Builds elements with ids that occur once. */
class Builder {
  private count = 0;

  build(block: Block): Built {
    switch (block.kind) {
      case 'task':
        return this.task(false);
      case 'sequence':
        return block.blocks
          .map((inner) => this.build(inner))
          .reduce((before, after) => ({
            xml: [...before.xml, ...after.xml, flow(before.last, after.first)],
            first: before.first,
            last: after.last,
            rest: { kind: 'sequence', first: before.rest, then: after.rest },
          }));
      case 'xor':
        return this.branch(block.branches, xor, (at) => at === block.take % block.branches.length);
      case 'and':
        return this.branch(block.branches, and, null);
      case 'or': {
        // Any but no branch at all.
        const mask = (block.take % (2 ** block.branches.length - 1)) + 1;
        return this.branch(block.branches, or, (at) => (mask & (1 << at)) !== 0);
      }
      case 'sub':
        return this.sub(this.build(block.inner));
      case 'guarded': {
        const guarded = this.task(block.fails);
        return this.catching(guarded, this.build(block.handler), (handler) => ({
          ...(guarded.rest as Extract<Rest, { kind: 'task' }>),
          handler,
        }));
      }
      case 'guardedSub': {
        const failing = this.task(block.fails);
        const beside = this.build(block.beside);
        const both = this.join([failing, beside], and, null);
        const guarded = this.sub(both);
        return this.catching(guarded, this.build(block.handler), (handler) => ({
          kind: 'scope',
          inner: guarded.rest,
          fatal: failing.first,
          handler,
        }));
      }
    }
  }

  private id(kind: string): string {
    this.count += 1;
    return `${kind}${this.count}`;
  }

  private task(fails: boolean): Built {
    const id = this.id('T');
    return {
      xml: [task(id)],
      first: id,
      last: id,
      rest: { kind: 'task', topic: id, fails, handler: DONE },
    };
  }

  private sub(inner: Built): Built {
    const [id, begin, finish] = [this.id('S'), this.id('s'), this.id('e')];
    const content = [
      start(begin),
      ...inner.xml,
      end(finish),
      flow(begin, inner.first),
      flow(inner.last, finish),
    ];
    return { xml: [subProcess(id, content)], first: id, last: id, rest: inner.rest };
  }

  private branch(
    branches: readonly Block[],
    gateway: (id: string) => string,
    takes: ((at: number) => boolean) | null,
  ): Built {
    return this.join(
      branches.map((inner) => this.build(inner)),
      gateway,
      takes,
    );
  }

  private join(
    parts: readonly Built[],
    gateway: (id: string) => string,
    takes: ((at: number) => boolean) | null,
  ): Built {
    const [split, merge] = [this.id('G'), this.id('G')];
    return {
      xml: [
        gateway(split),
        gateway(merge),
        ...parts.flatMap((part, at) => [
          ...part.xml,
          flow(split, part.first, takes === null ? undefined : `\${${String(takes(at))}}`),
          flow(part.last, merge),
        ]),
      ],
      first: split,
      last: merge,
      rest: {
        kind: 'all',
        parts: parts.filter((_part, at) => takes === null || takes(at)).map(({ rest }) => rest),
      },
    };
  }

  /** A host with an error boundary event; both ways meet behind it. */
  private catching(host: Built, handler: Built, rest: (handler: Rest) => Rest): Built {
    const [event, meet] = [this.id('B'), this.id('G')];
    return {
      xml: [
        ...host.xml,
        ...handler.xml,
        boundary(event, host.last, 'failed'),
        xor(meet),
        flow(host.last, meet),
        flow(event, handler.first),
        flow(handler.last, meet),
      ],
      first: host.first,
      last: meet,
      rest: rest(handler.rest),
    };
  }
}

/** The topics that wait now. */
function waiting(rest: Rest): readonly string[] {
  switch (rest.kind) {
    case 'done':
      return [];
    case 'task':
      return [rest.topic];
    case 'sequence':
      return isDone(rest.first) ? waiting(rest.then) : waiting(rest.first);
    case 'all':
      return rest.parts.flatMap(waiting);
    case 'scope':
      return waiting(rest.inner);
  }
}

function isDone(rest: Rest): boolean {
  return waiting(rest).length === 0;
}

/** What is left when the task of a topic has been worked on. */
function afterwards(rest: Rest, topic: string): Rest {
  switch (rest.kind) {
    case 'done':
      return rest;
    case 'task':
      if (rest.topic !== topic) return rest;
      return rest.fails ? rest.handler : DONE;
    case 'sequence':
      if (isDone(rest.first)) return afterwards(rest.then, topic);
      return { ...rest, first: afterwards(rest.first, topic) };
    case 'all':
      return { ...rest, parts: rest.parts.map((part) => afterwards(part, topic)) };
    case 'scope':
      if (topic === rest.fatal && isFatal(rest.inner, topic)) return rest.handler;
      return isDone(afterwards(rest.inner, topic)) ? DONE : { ...rest, inner: afterwards(rest.inner, topic) };
  }
}

/** Whether the waiting task of a topic throws. */
function isFatal(rest: Rest, topic: string): boolean {
  switch (rest.kind) {
    case 'done':
      return false;
    case 'task':
      return rest.topic === topic && rest.fails;
    case 'sequence':
      return isFatal(isDone(rest.first) ? rest.then : rest.first, topic);
    case 'all':
      return rest.parts.some((part) => isFatal(part, topic));
    case 'scope':
      return isFatal(rest.inner, topic);
  }
}

describe('a block-structured process', () => {
  it('waits where the oracle says, after each of its tasks, and ends when the oracle has', async () => {
    const h = await EngineHarness.open();
    await fc.assert(
      fc.asyncProperty(blocks, fc.infiniteStream(fc.nat(1_000)), async (block, choices) => {
        const built = new Builder().build(block);
        await h.deploy(
          bpmn(
            error('failed', 'FAILED'),
            process('p', [start(), ...built.xml, end(), path('start', built.first), path(built.last, 'end')]),
          ),
        );
        const { id } = await h.start('p');
        let { rest } = built;
        for (let topics = waiting(rest); topics.length > 0; topics = waiting(rest)) {
          expect(h.waiting()).toEqual([...topics].sort());
          const topic = topics[choices.next().value % topics.length]!;
          const taken = await h.take(topic);
          if (isFatal(rest, topic)) await h.bpmnError(taken.id, 'FAILED');
          else await h.complete(taken.id);
          rest = afterwards(rest, topic);
        }
        expect(h.waiting()).toEqual([]);
        expect(h.outcome(id)).toEqual(['COMPLETED', 'end']);
        expect(h.engine.history.countActivities({ processInstanceId: id, unfinished: true })).toBe(0);
        expect(h.engine.runtime.countProcessInstances({})).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
