/**
 * A fault that stops the boot and that an operator can correct: configuration, wiring, database, engine file, port.
 *
 * The message is written for the operator: it names the cause and the remedy. The entry point prints it without the
 * stack; it prints any other error as it is.
 */
export abstract class BootError extends Error {}
