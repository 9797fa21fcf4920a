import { Buffer } from 'node:buffer';

/** A committed version of a process that has an outcome. */
export type OutcomeHint = readonly [correlationId: string, version: number];

/** The content of a message between instances. The receiver does not trust it: it only reads a row sooner. */
export interface Hints {
  /** Outcomes that the sender has committed. */
  readonly outcomes: readonly OutcomeHint[];
  /** Processes whose trail the sender has extended. */
  readonly events: readonly string[];
  /** Processes whose trail somebody reads live at the sender. */
  readonly interests: readonly string[];
}

/** A received message. */
export interface ReceivedHints extends Hints {
  /** The instance that sent it. */
  readonly sender: string;
}

/** Longest message that is parsed, in characters; longer ones are not ours. */
const MAX_LENGTH = 65_536;

/** Longest correlation id, see the column. */
const MAX_ID_LENGTH = 255;

/**
 * The messages that carry hints, each no longer than the limit. Without hints one message, which only shows that the sender
 * is there.
 */
export function encodeHints(sender: string, hints: Hints, maxBytes: number): string[] {
  const entries = [
    ...hints.outcomes.map((hint) => ['o', JSON.stringify(hint)] as const),
    ...hints.events.map((id) => ['e', JSON.stringify(id)] as const),
    ...hints.interests.map((id) => ['w', JSON.stringify(id)] as const),
  ];
  const messages: string[] = [];
  let lists: Record<'o' | 'e' | 'w', string[]> = { o: [], e: [], w: [] };
  const frame = Buffer.byteLength(messageOf(sender, lists));
  let bytes = frame;
  for (const [list, entry] of entries) {
    const added = Buffer.byteLength(entry) + 1;
    if (bytes + added > maxBytes && bytes > frame) {
      messages.push(messageOf(sender, lists));
      lists = { o: [], e: [], w: [] };
      bytes = frame;
    }
    lists[list].push(entry);
    bytes += added;
  }
  messages.push(messageOf(sender, lists));
  return messages;
}

function messageOf(sender: string, { o, e, w }: Record<'o' | 'e' | 'w', readonly string[]>): string {
  return `{"i":${JSON.stringify(sender)},"o":[${o.join()}],"e":[${e.join()}],"w":[${w.join()}]}`;
}

/** Reads a message; null if it has not the form of one. What a list has beside valid entries is left out. */
export function decodeHints(text: string): ReceivedHints | null {
  if (text.length > MAX_LENGTH) return null;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null) return null;
  const { i: sender, o, e, w } = message as Record<string, unknown>;
  if (!isId(sender)) return null;
  return {
    sender,
    outcomes: listOf(o).filter(isOutcomeHint),
    events: listOf(e).filter(isId),
    interests: listOf(w).filter(isId),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH;
}

function isOutcomeHint(value: unknown): value is OutcomeHint {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [id, version] = value as unknown[];
  return isId(id) && Number.isSafeInteger(version);
}
