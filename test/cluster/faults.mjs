// The faults of the cluster run, one after the other, each under load.
import { setTimeout as delay } from 'node:timers/promises';

/** How long an instance is paused and Redis is stopped, in ms. */
const PAUSE_MS = 15_000;
const REDIS_MS = 5_000;

/** Cuts of the connections to the database in one round. */
const CUTS = 3;

/** Time limit for serving again after a fault, in ms. */
const RECOVERY_MS = 50_000;

/** Outcomes that show that the service works again. */
const OUTCOMES = 10;

const LOOK_MS = 50;

/** What a report shows of an instance: its health, if it responds in this time, in ms, and characters of its log. */
const HEALTH_MS = 5_000;
const LOG_SHOWN = 3_000;

/** The faults of a round in their order. */
export const FAULTS = ['kill', 'replace', 'pause', 'stopRedis', 'cut'];

/** Applies faults to the instances and to what they use, and reports whether the service works after each. */
export class Faults {
  number = 0;

  /** `chosen` of FAULTS; `redis` may be null. `report(isOk, name, detail)` prints a check. */
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** All chosen faults once. */
  async round() {
    this.number += 1;
    for (const fault of this.chosen) await this[fault]();
  }

  /** Whether an instance should run now. */
  expectsRunning(instance) {
    return instance !== this.free;
  }

  /** The address without a process. */
  get free() {
    return this.instances.find(({ isRunning }) => !isRunning);
  }

  get running() {
    return this.instances.filter(({ isRunning }) => isRunning);
  }

  /** An instance dies, and a new one takes its place. */
  async kill() {
    const { free } = this;
    const victim = this.draw();
    this.note(`kills ${victim.name}`);
    await victim.kill();
    await this.served();
    await free.start();
    await this.reachable();
    await this.works(`instance ${victim.name} was killed and replaced`);
  }

  /** Every instance is replaced by a new one, which is ready first. No request may fail. */
  async replace() {
    this.load.beginStrict();
    for (const old of this.running) {
      await this.free.start();
      await this.reachable();
      this.note(`stops ${old.name}`);
      const fault = await old.stop();
      this.report(fault === null, this.named(`instance ${old.name} stops in order`), fault);
    }
    await this.works('every instance was replaced');
    await this.load.endStrict();
  }

  /** An instance stands still longer than its leases and locks, and continues in the middle of its work. */
  async pause() {
    const victim = this.draw();
    this.note(`pauses ${victim.name}`);
    victim.pause();
    await delay(PAUSE_MS);
    await this.served();
    this.note(`continues ${victim.name}`);
    victim.resume();
    await this.reachable();
    await this.works(`instance ${victim.name} was paused`);
  }

  /** Redis is a hint: no request may fail without it. */
  async stopRedis() {
    if (this.redis === null) return;
    this.load.beginStrict();
    this.note('stops Redis');
    await this.redis.stop();
    await delay(REDIS_MS);
    await this.works('Redis is stopped');
    await this.redis.start();
    await this.works('Redis runs again');
    await this.load.endStrict();
  }

  async cut() {
    let cuts = 0;
    for (let cut = 0; cut < CUTS; cut += 1) {
      await delay(this.random() * 1_000);
      this.note('cuts the connections to the database');
      cuts += await this.database.cut();
    }
    this.report(cuts > 0, this.named('connections to the database are cut'), 'there were none');
    await this.reachable();
    await this.works(`${cuts} connections to the database were cut`);
  }

  draw() {
    const { running } = this;
    return running[Math.floor(this.random() * running.length)];
  }

  /** Waits until all instances are ready, and the load balancer uses each of them. */
  async reachable() {
    const missing = new Set(this.running.map(({ name }) => name));
    const until = Date.now() + RECOVERY_MS;
    while (missing.size > 0) {
      if (Date.now() > until)
        throw new Error(`The load balancer does not use ${[...missing]}.\n${await this.describe()}`);
      const response = await fetch(`${this.proxy.baseUrl}/health/live`).catch(() => null);
      await response?.arrayBuffer();
      if (!missing.delete(response?.headers.get('x-served-by'))) await delay(LOOK_MS);
    }
  }

  async works(fault) {
    const isServed = await this.served();
    this.report(isServed, this.named(`serves: ${fault}`), isServed ? '' : await this.describe());
  }

  /** The health and the last log lines of each instance, also of one that has ended. */
  async describe() {
    const used = this.instances.filter(({ child }) => child !== null);
    const states = used.map(async ({ name, url, child }) => {
      const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_MS) }).then(
        (response) => response.text(),
        (error) => String(error.cause ?? error),
      );
      return `${name}: ${health}\n${child.output.slice(-LOG_SHOWN)}`;
    });
    return (await Promise.all(states)).join('\n');
  }

  /** Waits until clients have received more outcomes; false after the time limit. */
  async served() {
    const enough = this.outcomes() + OUTCOMES;
    const until = Date.now() + RECOVERY_MS;
    while (this.outcomes() < enough) {
      if (Date.now() > until) return false;
      await delay(LOOK_MS);
    }
    return true;
  }

  outcomes() {
    let count = 0;
    for (const { outcomes } of this.load.ledger.entries.values()) if (outcomes.size > 0) count += 1;
    return count;
  }

  /** Prints when a fault begins or ends, for a comparison with the trails. */
  note(what) {
    console.log(`# ${new Date().toISOString()} ${what}`);
  }

  named(what) {
    return `round ${this.number}: ${what}`;
  }
}
