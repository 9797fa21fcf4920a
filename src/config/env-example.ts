import { SECRET_FILES, VARIABLES } from './environment.schema.js';

/** The text of `.env.example`: every variable, commented out, with its default and its description. */
export function envExample(): string {
  const lines = Object.entries(VARIABLES).map(([name, variable]) => {
    const settled = !variable.default.startsWith('[');
    const note = settled ? '' : ` Default: ${variable.default.slice(1, -1)}.`;
    const description = variable.description.replace(/^[a-z]/, (letter) => letter.toUpperCase());
    const file = SECRET_FILES.get(name);
    const alternative = file === undefined ? '' : `# Or the file that has it.\n#${file}=\n`;
    return `# ${description}.${note}\n#${name}=${settled ? variable.default : ''}\n${alternative}`;
  });
  return `# Copy this file to .env and uncomment the lines that you change. All variables are optional.\n\n${lines.join('\n')}`;
}
