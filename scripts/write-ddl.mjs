// npm run docs:ddl: writes the schema that the migrations make into docs/design/data-model.md, for each database.
import { readFileSync, writeFileSync } from 'node:fs';
import { DDL_DIALECTS, ddlOf } from '../test/support/schema.ddl.ts';

const PATH = 'docs/design/data-model.md';
const HEADING = '## The schema as the migrations make it';

const sections = [];
for (const dialect of DDL_DIALECTS)
  sections.push(`### ${dialect}\n\n\`\`\`sql\n${await ddlOf(dialect)}\n\`\`\`\n`);
const text = readFileSync(PATH, 'utf8');
const from = text.indexOf(HEADING);
const next = text.indexOf('\n## ', from + 1);
writeFileSync(
  PATH,
  `${text.slice(0, from)}${HEADING}\n\nWritten by \`npm run docs:ddl\`; a test holds it against the migrations.\n\n${sections.join('\n')}${next < 0 ? '' : text.slice(next)}`,
);
