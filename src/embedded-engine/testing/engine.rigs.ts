import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineStore } from '../embedded-engine.js';
import { SqliteStore } from '../persist/sqlite/sqlite.store.js';
import { EngineHarness } from './engine.harness.js';
import { RecordingStore } from './recording.store.js';

/** An engine that can be closed or dropped, and opened again on what was kept. */
export interface EngineRig {
  readonly h: EngineHarness;
  /** @param isCrash the engine ends without close() */
  reopen(isCrash: boolean): Promise<void>;
  /** Closes all engines that were opened. */
  dispose(): Promise<void>;
}

/** Where the stores of one rig come from. */
interface Stores {
  open(clock: { readonly now: number }): EngineStore;
  /** What a crash leaves behind is where `open()` looks next. */
  crash(): void;
  dispose(): void;
}

/** On a store in memory, whose state comes back as it would from a disk. */
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

/** On a file in a temporary folder; a crash goes on with a copy of the file as it lies on the disk. */
export function sqliteRig(): Promise<EngineRig> {
  const folder = mkdtempSync(join(tmpdir(), 'engine-property-'));
  let count = 0;
  const file = (): string => join(folder, `engine-${count}.sqlite`);
  return openRig({
    // By the clock of the world nothing would be left of what a test's clock has ended.
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
