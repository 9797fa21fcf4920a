import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import type { ProcessDefinition } from './common/process-definition/index.js';
import { BODY_SCHEMAS, START_PATH, startExamples } from './process/index.js';

/** What of a service its document shows. */
export interface DescribedService {
  /** Where clients reach the service; null: where they have read the document. */
  readonly publicBaseUrl: string | null;
  /** Each has an example of a start. */
  readonly definitions: readonly ProcessDefinition[];
}

/** Serves the OpenAPI 3.1 document, made from the Zod schemas, at `/docs/openapi.json` and as Swagger UI at `/docs`. */
export function serveOpenApi(app: NestFastifyApplication, service: DescribedService): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, service), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
  });
}

function openApiDocument(
  app: NestFastifyApplication,
  { publicBaseUrl, definitions }: DescribedService,
): OpenAPIObject {
  const base = new DocumentBuilder()
    .setTitle('fastify-camunda')
    .setDescription('Start BPMN processes over REST and get their results.')
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .setOpenAPIVersion('3.1.0')
    .addServer(publicBaseUrl ?? '/')
    .addTag('process', 'Start, await, complete and cancel processes.')
    .addTag('health', 'Probes.')
    .build();
  // Routes have their tags from their own decorators; from the names of classes they would get others beside.
  const created = SwaggerModule.createDocument(app, base, { autoTagControllers: false });
  const document = cleanupOpenApiDoc(created, { version: '3.1' });
  const startBody = document.paths[START_PATH]?.post?.requestBody;
  if (startBody !== undefined && 'content' in startBody) {
    const json = startBody.content['application/json'];
    if (json !== undefined) json.examples = startExamples(definitions);
  }
  return {
    ...document,
    // No authentication: that is for what stands in front of the service.
    security: [],
    // Nest's own rendering of the schemas takes a nullable text for a list of texts.
    components: { ...document.components, schemas: { ...BODY_SCHEMAS } },
  };
}
