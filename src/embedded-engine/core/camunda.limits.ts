/** Maximum length of an id in Camunda's database, in characters. */
const MAX_ID_LENGTH = 64;

/** Maximum length of an error or exception message in Camunda's database, in characters. */
const MAX_MESSAGE_LENGTH = 666;

/** Creates an id of a prefix and a UUID. If it would be too long, the id is the UUID alone, as in Camunda. */
export function prefixedId(prefix: string, uuid: string): string {
  const id = `${prefix}:${uuid}`;
  return id.length > MAX_ID_LENGTH ? uuid : id;
}

/** Cuts a message to the length that Camunda stores. */
export function truncateMessage(message: string): string {
  return message.slice(0, MAX_MESSAGE_LENGTH);
}
