import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { REFERRED_MODELS } from './process/index.js';

/** Serves the OpenAPI 3.1 document, made from the Zod schemas, at `/docs/openapi.json` and as Swagger UI at `/docs`. */
export function serveOpenApi(app: NestFastifyApplication): void {
  const base = new DocumentBuilder()
    .setTitle('fastify-camunda')
    .setDescription('Start BPMN processes over REST and get their results.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .build();
  SwaggerModule.setup(
    'docs',
    app,
    () =>
      cleanupOpenApiDoc(SwaggerModule.createDocument(app, base, { extraModels: [...REFERRED_MODELS] }), {
        version: '3.1',
      }),
    { jsonDocumentUrl: 'docs/openapi.json', raw: ['json'] },
  );
}
