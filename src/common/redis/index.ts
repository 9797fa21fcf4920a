export { connectToRedis, type RedisConnection } from './redis.connection.js';
