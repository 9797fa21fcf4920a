import type { HistoricInstanceRecord } from '../../state/records.types.js';

/** The fields that the records of one instance share; they are stored once. */
export interface InstanceFields {
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly businessKey: string | null;
  readonly tenantId: string | null;
}

export function fieldsOf(record: HistoricInstanceRecord): InstanceFields {
  const { id, processDefinitionId, processDefinitionKey, businessKey, tenantId } = record;
  return { processInstanceId: id, processDefinitionId, processDefinitionKey, businessKey, tenantId };
}

interface CodecFields<R> {
  /** Fields that are left out if they equal the instance's. */
  readonly shared: readonly (keyof R & keyof InstanceFields)[];
  /** Ids that are stored as 0 if they equal the instance's id. */
  readonly ids: readonly (keyof R)[];
  readonly own: readonly (keyof R)[];
}

/**
 * Converts records of one kind to arrays of their values and back: a third of the length and time of JSON with names.
 * The order of the fields is part of the file format.
 */
export class RecordCodec<R extends object> {
  private readonly names: readonly (keyof R)[];

  constructor(private readonly fields: CodecFields<R>) {
    this.names = [...fields.ids, ...fields.own];
  }

  /** Returns an array, or the record itself if it does not share the expected fields. */
  encode(record: R, instance: InstanceFields): unknown {
    const { shared, ids } = this.fields;
    for (const name of shared) if (record[name] !== instance[name]) return record;
    const values: unknown[] = [];
    for (const name of this.names) {
      const value = record[name];
      values.push(values.length < ids.length && value === instance.processInstanceId ? 0 : value);
    }
    return values;
  }

  decode(encoded: unknown, instance: InstanceFields): R {
    if (!Array.isArray(encoded)) return encoded as R;
    const record: Partial<Record<keyof R, unknown>> = {};
    const { shared, ids } = this.fields;
    let at = 0;
    for (const name of this.names) {
      const value: unknown = encoded[at];
      record[name] = at < ids.length && value === 0 ? instance.processInstanceId : value;
      at += 1;
    }
    for (const name of shared) record[name] = instance[name];
    return record as R;
  }
}

/** Requires that every field of a record is listed. */
type Complete<R, Named> = [Exclude<keyof R, Named>] extends [never]
  ? unknown
  : { missing: Exclude<keyof R, Named> };

/** Creates a codec for all fields of R; a missing field does not compile. */
export function codecFor<R extends object>() {
  return <S extends keyof R & keyof InstanceFields, I extends keyof R, O extends keyof R>(
    fields: {
      readonly shared: readonly S[];
      readonly ids: readonly I[];
      readonly own: readonly O[];
    } & Complete<R, S | I | O>,
  ): RecordCodec<R> => new RecordCodec<R>(fields);
}
