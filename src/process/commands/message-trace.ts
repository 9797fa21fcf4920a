/**
 * The name of the variable that the engine sets, where the instance waits, in the transaction that delivers a message.
 * The history keeps it after that scope has ended, so it proves that the message was delivered.
 *
 * @param claimId a UUID
 */
export function messageTraceName(claimId: string): string {
  return `message_${claimId.replaceAll('-', '')}`;
}
