import { redisAuth } from "./redis-auth";
import { redisVersionAndSize } from "./redis-version-and-size";

export const redisRules = [redisAuth, redisVersionAndSize] as const;
