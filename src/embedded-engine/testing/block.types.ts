/**
 * Random block-structured processes. Each block has one entry and one exit, so that both a recursive oracle
 * (`block.oracle.ts`) and an engine with its BPMN (`block.builder.ts`) can execute it.
 */

/** What an event waits for. */
export type Trigger = 'error' | 'message' | 'timer';

/** Element ids are derived from `id`, which is unique. */
interface Named {
  readonly id: string;
}

/** A boundary event or an event sub-process with its block; one for errors always interrupts. */
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
  /** Number of instances that complete the activity; null: all. */
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
  /** Whether an input mapping reads the variable `last`, and an output mapping writes it to `out_<id>`. */
  readonly isMapped: boolean;
}

export interface Catch extends Named {
  readonly kind: 'catch';
  readonly on: 'message' | 'timer';
}

export type Block =
  | Activity
  | Catch
  /** An expression that fails if the variable `trap` is `on`. */
  | (Named & { readonly kind: 'fragile' })
  | (Named & { readonly kind: 'sequence'; readonly blocks: readonly Block[] })
  | (Named & {
      readonly kind: 'gateway';
      readonly type: 'xor' | 'and' | 'or';
      readonly branches: readonly Block[];
      /** Selects the branches whose conditions are true. */
      readonly take: number;
    })
  /** An event-based gateway. */
  | (Named & {
      readonly kind: 'race';
      readonly events: readonly { readonly event: Catch; readonly then: Block }[];
    })
  /** Repeats its body with a flow back to its start. */
  | (Named & { readonly kind: 'repeat'; readonly times: number; readonly body: Block })
  /** An external task, followed by an error end event if `throws`. */
  | (Named & { readonly kind: 'raise'; readonly throws: boolean });

/** Whether a gateway takes a branch. */
export function isTaken(block: Extract<Block, { kind: 'gateway' }>, at: number): boolean {
  const { length } = block.branches;
  if (block.type === 'and') return true;
  if (block.type === 'xor') return at === block.take % length;
  // Any non-empty set of branches.
  return ((((block.take % (2 ** length - 1)) + 1) >> at) & 1) === 1;
}
