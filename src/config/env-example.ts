import { VARIABLES } from './environment.schema.js';

/** The text of `.env.example`: every variable, commented out, with its default and one line. */
export function envExample(): string {
  const lines = Object.entries(VARIABLES).map(([name, variable]) => {
    const settled = !variable.default.startsWith('[');
    const note = settled ? '' : ` Default: ${variable.default.slice(1, -1)}.`;
    return `# ${variable.description}.${note}\n#${name}=${settled ? variable.default : ''}\n`;
  });
  return `# Copy to .env and uncomment what you change. Nothing has to be set.\n\n${lines.join('\n')}`;
}
