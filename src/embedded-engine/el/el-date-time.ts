import { toLong } from './coercion.js';
import { ElObject } from './el-object.js';
import { asLong } from './typed-number.js';

const UNITS = ['Years', 'Months', 'Weeks', 'Days', 'Hours', 'Minutes', 'Seconds', 'Millis'] as const;

/**
 * The result of `${dateTime()}`: the part of Joda's DateTime that due dates need
 * (`${dateTime().plusDays(3).toDate()}`).
 */
export class ElDateTime extends ElObject {
  readonly elClassName = 'org.joda.time.DateTime';

  constructor(private readonly date: Date) {
    super();
  }

  override toString(): string {
    return this.date.toISOString();
  }

  override elProperty(name: string): unknown {
    return name === 'millis' ? asLong(this.date.getTime()) : super.elProperty(name);
  }

  override elMethod(name: string, args: readonly unknown[]): unknown {
    const [, direction, unit] = /^(plus|minus)(\w+)$/.exec(name) ?? [];
    const known = UNITS.find((one) => one === unit);
    if (known !== undefined && args.length === 1)
      return this.moved(known, direction === 'plus' ? toLong(args[0]) : -toLong(args[0]));
    if (args.length > 0) return super.elMethod(name, args);
    if (name === 'toDate') return new Date(this.date);
    if (name === 'getMillis') return asLong(this.date.getTime());
    return name === 'toString' ? this.toString() : super.elMethod(name, args);
  }

  private moved(unit: (typeof UNITS)[number], count: number): ElDateTime {
    const date = new Date(this.date);
    if (unit === 'Years') date.setFullYear(date.getFullYear() + count);
    else if (unit === 'Months') date.setMonth(date.getMonth() + count);
    else if (unit === 'Weeks') date.setDate(date.getDate() + 7 * count);
    else if (unit === 'Days') date.setDate(date.getDate() + count);
    else date.setTime(date.getTime() + count * MS[unit]);
    return new ElDateTime(date);
  }
}

const MS = { Hours: 3_600_000, Minutes: 60_000, Seconds: 1_000, Millis: 1 } as const;
