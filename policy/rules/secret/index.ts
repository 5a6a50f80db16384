import { jwtOneSecret } from "./jwt-one-secret";
import { secretAccess } from "./secret-access";
import { secretId } from "./secret-id";
import { secretValue } from "./secret-value";

export const secretRules = [jwtOneSecret, secretAccess, secretId, secretValue] as const;
