import type { Topic } from "../topic.ts";
import { CUSTOMERS } from "./customers.ts";
import { ENGINEERING } from "./engineering.ts";
import { OPERATIONS } from "./operations.ts";
import { PRODUCT } from "./product.ts";

export const TOPICS: readonly Topic[] = [...OPERATIONS, ...ENGINEERING, ...CUSTOMERS, ...PRODUCT];
