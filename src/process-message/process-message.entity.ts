import { EntitySchema, EntitySchemaOptions } from 'typeorm';
import { indexName, type SchemaDialect } from '../../migrations/column-types.js';
import { entityColumns } from '../common/columns/index.js';
import { PROCESS_MESSAGE_COLUMNS, type ProcessMessageRecord } from './process-message.columns.js';

/** The entity of `process_message`: one row for each message with a `messageId`. */
export function processMessageEntity(dialect: SchemaDialect): EntitySchema<ProcessMessageRecord> {
  const columns = entityColumns(PROCESS_MESSAGE_COLUMNS, dialect);
  const options = Object.assign(new EntitySchemaOptions<ProcessMessageRecord>(), {
    name: 'ProcessMessage',
    tableName: 'process_message',
    columns: { ...columns, messageId: { ...columns.messageId, primary: true } },
    indices: [{ name: indexName(dialect, 'process_message', 'idx_created_at'), columns: ['createdAt'] }],
  });
  return new EntitySchema<ProcessMessageRecord>(options);
}
