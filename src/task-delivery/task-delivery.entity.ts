import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { columnTypesOf, type SchemaDialect } from '../../migrations/column-types.js';

/** A row of `task_delivery` as the database holds it. */
export class TaskDeliveryEntity {
  taskId = '';
  topic = '';
  deaths = 0;
  lastLife = '';
  updatedAt = new Date(0);
}

/** The entity of `task_delivery`: one row for each external task that was running when a process of the service died. */
export function taskDeliveryEntity(dialect: SchemaDialect): EntitySchema<TaskDeliveryEntity> {
  const { key, integer, timestamp } = columnTypesOf(dialect);
  const options = Object.assign(new EntitySchemaOptions<TaskDeliveryEntity>(), {
    name: 'TaskDelivery',
    tableName: 'task_delivery',
    target: TaskDeliveryEntity,
    columns: {
      taskId: { name: 'task_id', ...key(64), primary: true },
      topic: { name: 'topic', ...key(255) },
      deaths: { name: 'deaths', ...integer },
      lastLife: { name: 'last_life', ...key(36) },
      updatedAt: { name: 'updated_at', ...timestamp },
    },
  });
  return new EntitySchema<TaskDeliveryEntity>(options);
}
