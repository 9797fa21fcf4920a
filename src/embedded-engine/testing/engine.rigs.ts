import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineStore } from '../embedded-engine.js';
import { SqliteStore } from '../persist/sqlite/sqlite.store.js';
import { EngineHarness } from './engine.harness.js';
import { RecordingStore } from './recording.store.js';

/** An engine that can be closed or crashed, and opened again with its durable state. */
export interface EngineRig {
  readonly h: EngineHarness;
  /** @param isCrash the engine ends without close() */
  reopen(isCrash: boolean): Promise<void>;
  /** Closes all engines that were opened. */
  dispose(): Promise<void>;
}

/** Opens the stores of a rig. */
interface Stores {
  open(clock: { readonly now: number }): EngineStore;
  /** Simulates a crash; the next `open()` uses the state that it left. */
  crash(): void;
  dispose(): void;
}

/** On a store in memory, whose state is restored as from a disk. */
export function memoryRig(): Promise<EngineRig> {
  const store = new RecordingStore();
  return openRig({
    open: () => ({
      history: store.history,
      recover: () => store.kept(),
      commit: (changes) => store.commit(changes),
      commitDeferrable: (changes) => store.commitDeferrable(changes),
      close: () => Promise.resolve(),
    }),
    crash: () => undefined,
    dispose: () => undefined,
  });
}

/** On a file in a temporary folder; after a crash the engine opens a copy of the file on the disk. */
export function sqliteRig(): Promise<EngineRig> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-property-'));
  let count = 0;
  const file = (): string => join(folder, `engine-${count}.sqlite`);
  return openRig({
    // With the real clock, the history of instances that ended by the test's clock would have expired.
    open: (clock) => SqliteStore.open(file(), { clock: () => clock.now }),
    crash: () => {
      const old = file();
      count += 1;
      for (const part of ['', '-wal']) if (existsSync(old + part)) copyFileSync(old + part, file() + part);
    },
    dispose: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

async function openRig(stores: Stores): Promise<EngineRig> {
  const clock = { now: 1_000_000 };
  const opened: EngineHarness[] = [];
  const open = async (): Promise<EngineHarness> => {
    const h = await EngineHarness.open({ store: stores.open(clock) }, clock);
    opened.push(h);
    return h;
  };
  const rig = {
    h: await open(),
    reopen: async (isCrash: boolean) => {
      if (isCrash) stores.crash();
      else await rig.h.engine.close();
      rig.h = await open();
    },
    dispose: async () => {
      for (const { engine } of opened) await engine.close();
      stores.dispose();
    },
  };
  return rig;
}
