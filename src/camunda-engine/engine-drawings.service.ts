import { Injectable } from '@nestjs/common';
import { type Drawing, readDrawing } from '../common/bpmn-drawing/index.js';
import { EngineConnection, nullIfNotFound } from './engine.connection.js';
import { definitionXmlSchema } from './engine.schemas.js';

/** How many drawings are remembered; the one that was used longest ago goes first. */
const MAX_DRAWINGS = 100;

/** The drawings of process definitions in the engine, also of those that this service does not deploy. */
@Injectable()
export class EngineDrawingsService {
  private readonly remembered = new Map<string, Promise<Drawing | null>>();

  constructor(private readonly connection: EngineConnection) {}

  /**
   * The drawing of one version of a definition. A version never changes, so its drawing is read once.
   *
   * @param definitionId `<key>:<version>:<id>`
   * @returns null if the engine does not know the definition, or if its BPMN cannot be read
   * @throws EngineCallError
   */
  of(definitionId: string): Promise<Drawing | null> {
    const known = this.remembered.get(definitionId);
    this.remembered.delete(definitionId);
    const drawing = known ?? this.read(definitionId);
    this.remembered.set(definitionId, drawing);
    for (const [oldest] of this.remembered) {
      if (this.remembered.size <= MAX_DRAWINGS) break;
      this.remembered.delete(oldest);
    }
    return drawing;
  }

  private async read(definitionId: string): Promise<Drawing | null> {
    try {
      const answer = await nullIfNotFound(
        this.connection.read(
          { method: 'GET', path: `/process-definition/${encodeURIComponent(definitionId)}/xml` },
          definitionXmlSchema,
        ),
      );
      return answer === null ? null : await readDrawing(answer.bpmn20Xml);
    } catch (error) {
      this.remembered.delete(definitionId);
      throw error;
    }
  }
}
