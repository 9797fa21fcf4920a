// One attack from a separate process: node attacker.mjs NAME BASE_URL SCALE SECONDS. Prints its observations as JSON.
import { ATTACKS } from './attacks.mjs';

const [name, baseUrl, scale, seconds] = process.argv.slice(2);
const context = {
  baseUrl,
  scale: Number(scale),
  until: Date.now() + Number(seconds) * 1_000,
  mark: `${process.pid}`,
};
const seen = await ATTACKS[name].run(context);
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
