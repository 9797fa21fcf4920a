import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import type { SchemaDialect } from '../../migrations/column-types.js';
import { entityColumns, integer, key, timestamp, type ValuesOf } from '../common/columns/index.js';

const TASK_DELIVERY_COLUMNS = {
  taskId: key('task_id', 64),
  topic: key('topic', 255),
  deaths: integer('deaths'),
  lastLife: key('last_life', 36),
  updatedAt: timestamp('updated_at'),
};

type TaskDeliveryRow = ValuesOf<typeof TASK_DELIVERY_COLUMNS>;

/** The entity of `task_delivery`: one row for each external task that was running when a process of the service died. */
export function taskDeliveryEntity(dialect: SchemaDialect): EntitySchema<TaskDeliveryRow> {
  const columns = entityColumns(TASK_DELIVERY_COLUMNS, dialect);
  const options = Object.assign(new EntitySchemaOptions<TaskDeliveryRow>(), {
    name: 'TaskDelivery',
    tableName: 'task_delivery',
    columns: { ...columns, taskId: { ...columns.taskId, primary: true } },
  });
  return new EntitySchema<TaskDeliveryRow>(options);
}
