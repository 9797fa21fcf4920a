/**
 * Random block-structured processes: each block has one way in and one way out, so that what it does can be told by a
 * recursive oracle (`block.oracle.ts`) as well as by an engine that is given its BPMN (`block.builder.ts`).
 */

/** What an event waits for. */
export type Trigger = 'error' | 'message' | 'timer';

/** Element ids derive from `id`, which occurs once. */
interface Named {
  readonly id: string;
}

/** A boundary event or an event sub-process, and what is done when it happens; one of errors always interrupts. */
export interface Handler extends Named {
  readonly kind: 'handler';
  readonly on: Trigger;
  readonly interrupting: boolean;
  readonly then: Block;
}

/** The content of a process or sub-process. */
export interface Body {
  readonly inner: Block;
  /** Its event sub-processes. */
  readonly events: readonly Handler[];
}

interface Loop {
  readonly isSequential: boolean;
  readonly count: number;
  /** Instances after which the rest is not needed; null: all of them are. */
  readonly enough: number | null;
}

export type Work =
  /** An external task; `fails`: its worker reports a BPMN error. */
  | { readonly type: 'external'; readonly fails: boolean }
  | { readonly type: 'user' }
  | { readonly type: 'receive' }
  | { readonly type: 'sub'; readonly body: Body }
  | { readonly type: 'call'; readonly body: Body };

export interface Activity extends Named {
  readonly kind: 'activity';
  readonly work: Work;
  readonly loop: Loop | null;
  readonly boundaries: readonly Handler[];
  /** Whether it notes the variable `last` on entry and gives it out as `out_<id>` when it is left. */
  readonly isMapped: boolean;
}

export interface Catch extends Named {
  readonly kind: 'catch';
  readonly on: 'message' | 'timer';
}

export type Block =
  | Activity
  | Catch
  /** An expression that fails while the variable `trap` is `on`. */
  | (Named & { readonly kind: 'fragile' })
  | (Named & { readonly kind: 'sequence'; readonly blocks: readonly Block[] })
  | (Named & {
      readonly kind: 'gateway';
      readonly type: 'xor' | 'and' | 'or';
      readonly branches: readonly Block[];
      /** Which branches the conditions choose. */
      readonly take: number;
    })
  /** An event-based gateway. */
  | (Named & {
      readonly kind: 'race';
      readonly events: readonly { readonly event: Catch; readonly then: Block }[];
    })
  /** Does its body that often, by a flow that leads back. */
  | (Named & { readonly kind: 'repeat'; readonly times: number; readonly body: Block })
  /** An external task behind which an error end event stands, or nothing. */
  | (Named & { readonly kind: 'raise'; readonly throws: boolean });

/** Whether the conditions of a gateway choose a branch. */
export function isTaken(block: Extract<Block, { kind: 'gateway' }>, at: number): boolean {
  const { length } = block.branches;
  if (block.type === 'and') return true;
  if (block.type === 'xor') return at === block.take % length;
  // Any but no branch at all.
  return ((((block.take % (2 ** length - 1)) + 1) >> at) & 1) === 1;
}
