// node --import ./shifted-clock.mjs: shifts the time of day of a process by CLOCK_OFFSET_MS, like a machine with a wrong
// clock. Time-outs and `performance.now()` stay as they are, as on such a machine. Threads keep the right time: those of the
// service do not read it.
const offset = Number(process.env.CLOCK_OFFSET_MS ?? 0);
const RealDate = Date;
const now = () => RealDate.now() + offset;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parameters, created) =>
    Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, created),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : target[name]),
});
RealDate.prototype.constructor = globalThis.Date;
