export { AddRouteConfig } from './add-route-config.js';
