import type { Contract } from "./contract";
import { ask, isSuccess, isTransient, type Reach, statusFinding } from "./http";
import { type Finding, type Proof, Unproven } from "./step";

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Issues a JWT with the credentials in the variables that the contract names. @throws Unproven */
export async function issuedToken(
  url: URL,
  { service, credentials, tokenField }: Contract["issue"],
  variables: Readonly<Record<string, string | undefined>>,
  reach: Reach,
): Promise<Proof<string>> {
  const body = JSON.stringify(
    Object.fromEntries(Object.entries(credentials).map(([field, variable]) => [field, variables[variable]])),
  );
  const answer = await ask(
    url,
    { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body },
    reach,
  );
  if (answer.status === 401 || answer.status === 403 || answer.status === 400 || answer.status === 422)
    throw new Unproven({
      found: `answered ${answer.status}`,
      means: `${service} does not accept the credentials: they are wrong, or it expects another format`,
      lookAt: `the variables ${Object.values(credentials).join(", ")}; 'issue' in the hosts file; the log of ${service}`,
    });
  if (!isSuccess(answer))
    throw new Unproven(statusFinding(answer.status, service), { isTransient: isTransient(answer.status) });
  const token = fieldOf(answer.body, tokenField);
  if (typeof token !== "string" || !JWT.test(token))
    throw new Unproven({
      found: `answered ${answer.status} without a JWT in '${tokenField}'`,
      means: "the endpoint is not the one that the contract assumes, or does not issue a JWT",
      lookAt: "'issue.path' and 'issue.tokenField' in the hosts file",
    });
  return { found: `a JWT in '${tokenField}'`, value: token };
}

/**
 * Proves that a protected endpoint accepts the token and refuses it with another signature.
 * @param issuer the service that issued it. @throws Unproven
 */
export async function acceptedToken(
  url: URL,
  token: string,
  service: string,
  issuer: string,
  reach: Reach,
): Promise<Proof<undefined>> {
  const answer = await ask(url, { headers: bearer(token) }, reach);
  if (answer.status === 401 || answer.status === 403) throw new Unproven(refused(answer.status, service, issuer));
  if (!isSuccess(answer))
    throw new Unproven(statusFinding(answer.status, service), { isTransient: isTransient(answer.status) });
  const control = await ask(url, { headers: bearer(forged(token)) }, reach);
  if (control.status !== 401 && control.status !== 403)
    throw new Unproven(
      {
        found: `answered ${control.status} to the token with another signature as well`,
        means:
          "the endpoint is not protected or does not check signatures, so its answer proves nothing about the secret",
        lookAt: `'accept.${service}' in the hosts file; how ${service} verifies tokens`,
      },
      { isTransient: isTransient(control.status) },
    );
  return { found: `answered ${answer.status}, and ${control.status} to another signature`, value: undefined };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The same claims with an invalid signature. Changes its first character, because the last one may carry no bits. */
function forged(token: string): string {
  const signature = token.lastIndexOf(".") + 1;
  return `${token.slice(0, signature)}${token[signature] === "A" ? "B" : "A"}${token.slice(signature + 1)}`;
}

function refused(status: number, service: string, issuer: string): Finding {
  const found = `answered ${status} to the token that ${issuer} has just issued`;
  if (service === issuer)
    return {
      found,
      means: `${service} refuses its own token: two of its revisions serve with different JWT secrets, or the account may not use this endpoint`,
      lookAt: `the revisions of ${service} that receive traffic; 'accept.${service}' in the hosts file`,
    };
  return {
    found,
    means: `${issuer} and ${service} do not share one JWT secret: different versions or variables, or a revision from before a rotation`,
    lookAt: `the reference behind JWT_SECRET_KEY in the serving revisions of both (npm run diagnose), and 'version' of JWT_SECRET_KEY in netra:secrets`,
  };
}

function fieldOf(body: string, field: string): unknown {
  try {
    const object: unknown = JSON.parse(body);
    return object !== null && typeof object === "object" ? Reflect.get(object, field) : undefined;
  } catch {
    return undefined;
  }
}
