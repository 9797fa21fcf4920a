import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { securitySchemesOf, withSecurity } from './auth/index.js';
import type { ProcessDefinition } from './common/process-definition/index.js';
import type { AuthConfig } from './config/index.js';
import { BODY_SCHEMAS, START_PATH, startExamples } from './process/index.js';

/** The data of a service that its document shows. */
export interface DescribedService {
  /** Base URL of the service; null: the server of the document itself. */
  readonly publicBaseUrl: string | null;
  readonly auth: AuthConfig;
  /** The document has an example start for each. */
  readonly definitions: readonly ProcessDefinition[];
}

/** The begin of the paths of Swagger UI and of the document. */
export const DOCS_PATH = '/docs';

/** Serves the OpenAPI 3.1 document of the Zod schemas at `/docs/openapi.json`, and Swagger UI at `/docs`. */
export function serveOpenApi(app: NestFastifyApplication, service: DescribedService): void {
  SwaggerModule.setup(DOCS_PATH, app, () => openApiDocument(app, service), {
    jsonDocumentUrl: `${DOCS_PATH}/openapi.json`,
    raw: ['json'],
  });
}

function openApiDocument(
  app: NestFastifyApplication,
  { publicBaseUrl, auth, definitions }: DescribedService,
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
  // Decorators set the tags; Nest would add further tags from class names.
  const created = SwaggerModule.createDocument(app, base, { autoTagControllers: false });
  const document = cleanupOpenApiDoc(created, { version: '3.1' });
  const startBody = document.paths[START_PATH]?.post?.requestBody;
  if (startBody !== undefined && 'content' in startBody) {
    const json = startBody.content['application/json'];
    if (json !== undefined) json.examples = startExamples(definitions);
  }
  const securitySchemes = securitySchemesOf(auth);
  return {
    ...document,
    paths: withSecurity(document.paths, securitySchemes),
    // Nest renders a nullable string as an array of strings.
    components: { ...document.components, schemas: { ...BODY_SCHEMAS }, securitySchemes },
  };
}
