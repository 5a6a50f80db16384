import { isIP } from "node:net";
import { checkServerIdentity, connect, type PeerCertificate } from "node:tls";
import { connectionFinding, type Reach } from "./http";
import { type Finding, type Proof, Unproven } from "./step";

const SECONDS_PER_DAY = 86_400;
/** Node's error for a host that the certificate does not cover; the names are checked separately. */
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/**
 * Proves that the host's certificate chain is valid, that its names cover the host, and that it is valid for at least
 * `leastDays` more.
 * @throws Unproven with everything that is wrong with the certificate.
 */
export async function certificate(origin: URL, leastDays: number, { signal, ca }: Reach): Promise<Proof<undefined>> {
  const { peer, chainProblem } = await handshake(origin, { signal, ca });
  const host = origin.hostname;
  const days = Math.floor((Date.parse(peer.valid_to) - Date.now()) / (SECONDS_PER_DAY * 1000));
  const until = new Date(peer.valid_to).toISOString().slice(0, 10);
  const findings = [
    // An expired certificate is reported below, with its date.
    ...(chainProblem === undefined || (chainProblem === "CERT_HAS_EXPIRED" && days < 0)
      ? []
      : [untrusted(chainProblem)]),
    ...(checkServerIdentity(host, peer) ? [wrongNames(peer, host)] : []),
    ...(days < leastDays
      ? [expiring(days < 0 ? `it expired on ${until}` : `it expires on ${until}`, leastDays, host)]
      : []),
  ];
  if (findings.length > 0)
    throw new Unproven({
      found: joined(findings, "found"),
      means: joined(findings, "means"),
      lookAt: joined(findings, "lookAt"),
    });
  return { found: `valid until ${until}, covers ${host}`, value: undefined };
}

function handshake(
  origin: URL,
  { signal, ca }: Reach,
): Promise<{ readonly peer: PeerCertificate; readonly chainProblem: string | undefined }> {
  const host = origin.hostname;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(origin.port || 443),
      // The handshake must complete so that problems can be reported. Nothing is sent over this connection.
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca }),
    });
    const end = (finding: Finding) => {
      socket.destroy();
      reject(new Unproven(finding, { isTransient: true }));
    };
    signal.addEventListener("abort", () => end(SILENT), { once: true });
    socket.once("error", (error) => end(connectionFinding(error, host)));
    socket.once("secureConnect", () => {
      const problem = socket.authorized ? undefined : String(socket.authorizationError);
      resolve({ peer: socket.getPeerCertificate(), chainProblem: problem === WRONG_NAME ? undefined : problem });
      socket.destroy();
    });
  });
}

const joined = (findings: readonly Finding[], key: keyof Finding) => findings.map((finding) => finding[key]).join("; ");

const SILENT: Finding = {
  found: "no TLS handshake before the timeout",
  means: "packets are dropped on the way, or the server does not speak TLS",
  lookAt: "the host's DNS record and the load balancer's forwarding rule and proxy",
};

const untrusted = (problem: string): Finding => ({
  found: `its chain is not valid (${problem})`,
  means:
    problem === "CERT_NOT_YET_VALID"
      ? "clients refuse it: by this machine's clock, it is not valid yet"
      : "clients refuse it: they do not trust its authority, or the server does not send an intermediate certificate",
  lookAt: "the certificates of the load balancer's HTTPS proxy (gcloud compute ssl-certificates list)",
});

const wrongNames = ({ subjectaltname = "" }: PeerCertificate, host: string): Finding => ({
  found: `its names (${subjectaltname || "none"}) do not cover ${host}`,
  means: "clients refuse it: the host is on no certificate of the load balancer",
  lookAt: `'netra:edge.certificates' in the stack file, and whether the certificate with ${host} is ACTIVE (gcloud compute ssl-certificates list)`,
});

const expiring = (found: string, leastDays: number, host: string): Finding => ({
  found,
  means: `fewer than ${leastDays} days are left: a managed certificate is renewed earlier than that, so its renewal fails`,
  lookAt: `the certificate's state (gcloud compute ssl-certificates describe), and whether the DNS record of ${host} points to the load balancer`,
});
