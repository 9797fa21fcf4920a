// Several engine nodes over one PostgreSQL database: the cluster that Camunda's manual describes. The nodes share nothing but
// the database, so a node does not notice tasks that another node creates until a poll asks for them.
import { createTestDatabase } from '../db/server.mjs';
import { startRealEngine } from './real-engine.mjs';
import { startRoundRobin } from './round-robin.mjs';

/**
 * Starts the nodes of an engine cluster over a database of their own, and a load balancer in front of them.
 *
 * The server is the one that `npm run test:db` uses: TEST_POSTGRES_HOST, otherwise 127.0.0.1:5432, otherwise a server that this
 * function starts. The nodes end with this process at the latest; `stop` also drops the database.
 *
 * @param {number} [nodes] from 1; each needs some 500 MB
 * @returns {Promise<{
 *   baseUrls: string[],
 *   baseUrl: string,
 *   nodes: { baseUrl: string, stop: () => Promise<void>, kill: () => Promise<void> }[],
 *   stop: () => Promise<void>,
 * }>} `baseUrls` of the nodes in the order of `nodes`; `baseUrl` of the load balancer, which sends each request to the next node
 * @throws an Error that shows the output of Maven, of a node, or of the database
 */
export async function startEngineCluster(nodes = 2) {
  const opened = [];
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const database = await createTestDatabase('postgres');
    opened.push(() => database.drop());
    const variables = datasourceOf(database.variables);
    const start = async () => {
      const node = await startRealEngine('operaton', variables);
      opened.push(() => node.stop());
      return node;
    };
    // The first node creates the tables; two at once would collide.
    const first = await start();
    const others = await Promise.allSettled(Array.from({ length: nodes - 1 }, start));
    const failed = others.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const started = [first, ...others.map(({ value }) => value)];
    const baseUrls = started.map(({ baseUrl }) => baseUrl);
    const balancer = await startRoundRobin(baseUrls);
    opened.push(() => balancer.close());
    return { baseUrls, baseUrl: `${balancer.origin}/engine-rest`, nodes: started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Spring Boot's own names for the properties of a data source. */
function datasourceOf({ TEST_DB_HOST, TEST_DB_PORT, TEST_DB_NAME, TEST_DB_USER, TEST_DB_PASSWORD = '' }) {
  return {
    SPRING_DATASOURCE_URL: `jdbc:postgresql://${TEST_DB_HOST}:${TEST_DB_PORT}/${TEST_DB_NAME}`,
    SPRING_DATASOURCE_USERNAME: TEST_DB_USER,
    SPRING_DATASOURCE_PASSWORD: TEST_DB_PASSWORD,
  };
}
