// npm run docs:env: writes .env.example from the variables of the configuration; a test holds the two together.
import { writeFileSync } from 'node:fs';
import { envExample } from '../src/config/env-example.ts';

writeFileSync('.env.example', envExample());
