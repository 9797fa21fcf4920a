export { admitBodies, releaseBody } from './body.hooks.js';
