import { Injectable } from '@nestjs/common';
import { type BpmnModel, readBpmnModel } from '../common/bpmn-model/index.js';
import { EngineConnection, nullIfNotFound } from './engine.connection.js';
import { definitionXmlSchema } from './engine.schemas.js';

/** How many models are remembered; the one that was used longest ago goes first. */
const MAX_MODELS = 100;

/** The models of process definitions in the engine, also of those that this service does not deploy. */
@Injectable()
export class EngineBpmnModelsService {
  private readonly remembered = new Map<string, Promise<BpmnModel | null>>();

  constructor(private readonly connection: EngineConnection) {}

  /**
   * The model of one version of a definition. A version never changes, so its model is read once.
   *
   * @param definitionId `<key>:<version>:<id>`
   * @returns null if the engine does not know the definition, or if its BPMN cannot be read
   * @throws EngineCallError
   */
  of(definitionId: string): Promise<BpmnModel | null> {
    const known = this.remembered.get(definitionId);
    this.remembered.delete(definitionId);
    const model = known ?? this.read(definitionId);
    this.remembered.set(definitionId, model);
    for (const [oldest] of this.remembered) {
      if (this.remembered.size <= MAX_MODELS) break;
      this.remembered.delete(oldest);
    }
    return model;
  }

  private async read(definitionId: string): Promise<BpmnModel | null> {
    try {
      const answer = await nullIfNotFound(
        this.connection.read(
          { method: 'GET', path: `/process-definition/${encodeURIComponent(definitionId)}/xml` },
          definitionXmlSchema,
        ),
      );
      return answer === null ? null : await readBpmnModel(answer.bpmn20Xml);
    } catch (error) {
      this.remembered.delete(definitionId);
      throw error;
    }
  }
}
