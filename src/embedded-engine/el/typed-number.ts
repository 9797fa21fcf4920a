/** The Java number types that a process variable can have. */
export type NumberType = 'Short' | 'Integer' | 'Long' | 'Double';

/** Largest 32-bit integer: plain numbers up to it are Integers, larger ones Longs. */
const INTEGER_MAX = 2_147_483_647;

/** A number whose Java type differs from the one that its value suggests: a Long 2, a Double 2.0. */
export class TypedNumber {
  constructor(
    readonly type: NumberType,
    readonly value: number,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    return formatNumber(this);
  }
}

/** A number in an expression: plain (its value determines the type) or with an explicit Java type. */
export type ElNumber = number | TypedNumber;

export function isElNumber(value: unknown): value is ElNumber {
  return typeof value === 'number' || value instanceof TypedNumber;
}

/** The Java type of a number: Integer if integral within 32 bits, Long if integral, else Double. */
export function numberTypeOf(value: ElNumber): NumberType {
  if (typeof value !== 'number') return value.type;
  if (!Number.isInteger(value)) return 'Double';
  return Math.abs(value) <= INTEGER_MAX || value === -INTEGER_MAX - 1 ? 'Integer' : 'Long';
}

export function numberValueOf(value: ElNumber): number {
  return typeof value === 'number' ? value : value.value;
}

/** Creates a Java Double; an integral value needs an explicit type. */
export function asDouble(value: number): ElNumber {
  return numberTypeOf(value) === 'Double' ? value : new TypedNumber('Double', value);
}

/** Creates a Java Long; a value within 32 bits needs an explicit type. */
export function asLong(value: number): ElNumber {
  return numberTypeOf(value) === 'Long' ? value : new TypedNumber('Long', value);
}

/** The text of a number, like Java's `toString`: `2.0` and `1.0E10` for Doubles. */
export function formatNumber(value: ElNumber): string {
  const plain = numberValueOf(value);
  return numberTypeOf(value) === 'Double' ? formatDouble(plain) : BigInt(plain).toString();
}

function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  // Java switches to scientific notation outside [10^-3, 10^7).
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e7)) {
    const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}
