import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { BODY_SCHEMAS } from './process/index.js';

/** Serves the OpenAPI 3.1 document, made from the Zod schemas, at `/docs/openapi.json` and as Swagger UI at `/docs`. */
/** @param publicBaseUrl where clients reach the service; null: where they have read the document */
export function serveOpenApi(app: NestFastifyApplication, publicBaseUrl: string | null): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, publicBaseUrl), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
  });
}

function openApiDocument(app: NestFastifyApplication, publicBaseUrl: string | null): OpenAPIObject {
  const base = new DocumentBuilder()
    .setTitle('fastify-camunda')
    .setDescription('Start BPMN processes over REST and get their results.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addServer(publicBaseUrl ?? '/')
    .build();
  const document = cleanupOpenApiDoc(SwaggerModule.createDocument(app, base), { version: '3.1' });
  // Nest's own rendering of the schemas takes a nullable text for a list of texts.
  return { ...document, components: { ...document.components, schemas: { ...BODY_SCHEMAS } } };
}
