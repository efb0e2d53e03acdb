/** What an error of the network stack means, and whether to retry. Pure. */
import { LocalError, MaviError, NetworkError } from '../errors.ts';

const UNKNOWN_AUTHORITY = 'its certificate is signed by an authority that this machine does not know';

/** TLS failures that no retry can fix, by code. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_REVOKED: 'its certificate has been revoked',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'its certificate has an invalid signature',
  HOSTNAME_MISMATCH: 'its certificate is for another name',
};

const CONNECTION_FAULTS: Readonly<Record<string, readonly [code: string, meaning: string]>> = {
  ENOTFOUND: ['dns', 'host not found'],
  EAI_AGAIN: ['dns', 'the name lookup failed for now'],
  ECONNREFUSED: ['refused', 'connection refused'],
  EHOSTUNREACH: ['unreachable', 'host unreachable'],
  ENETUNREACH: ['unreachable', 'network unreachable'],
  ENETDOWN: ['unreachable', 'the network is down'],
  ETIMEDOUT: ['connect_timeout', 'connection timed out'],
  ECONNRESET: ['connection_lost', 'connection lost'],
  EPIPE: ['connection_lost', 'connection lost'],
  ECONNABORTED: ['connection_lost', 'connection lost'],
  ERR_STREAM_PREMATURE_CLOSE: ['connection_lost', 'connection lost'],
};

/** What to check where something other than the API answers. */
export const CHECK_BASE_URL = 'check --base-url, and whether a proxy responds instead of the API';

/** What to check where a body is encoded, which was not asked for. */
export const CHECK_ENCODING = 'check whether a proxy changes responses';

/** The error for anything that the network stack threw. `peer` is the host or proxy; `facts` are those of a proxy. */
export function networkError(
  error: unknown,
  peer: string,
  facts: { readonly code?: string; readonly hint?: string } = {},
): MaviError {
  const own = causes(error).find((each) => each instanceof MaviError);
  if (own !== undefined) return own;
  const code = systemCode(error);
  if (code.startsWith('HPE_')) {
    const { reason = code } = error as { reason?: string };
    const isTooLarge = code === 'HPE_HEADER_OVERFLOW';
    const words = isTooLarge ? 'response headers that are too large' : 'an invalid HTTP response';
    const text = `${peer} sent ${words}: ${reason} (${code})`;
    const { hint = CHECK_BASE_URL } = facts;
    return new NetworkError(facts.code ?? 'bad_http', text, { retryable: !isTooLarge, hint, cause: error });
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    const text = `cannot connect to ${peer}: too many open files`;
    return new LocalError('too_many_files', text, { hint: 'lower --concurrency', cause: error });
  }
  const certificate = CERTIFICATE_FAULTS[code];
  if (certificate !== undefined) {
    const text = `the connection to ${peer} is not secure: ${certificate}`;
    const hint = 'for a private certificate authority set NODE_EXTRA_CA_CERTS; the check cannot be disabled';
    return new NetworkError('tls', text, { retryable: false, hint, cause: error });
  }
  const isTls = code.startsWith('ERR_SSL') || code === 'EPROTO' || code.startsWith('ERR_TLS');
  const words = error instanceof Error ? error.message : String(error);
  const [name, meaning] = CONNECTION_FAULTS[code] ?? [isTls ? 'tls' : 'network', words];
  const { hint = 'check the network, and HTTPS_PROXY if a proxy is required' } = facts;
  return new NetworkError(facts.code ?? name, `${peer}: ${meaning}`, { hint, cause: error });
}

/** The system's code of an error or of its cause; where several addresses failed, the first one's. */
function systemCode(error: unknown): string {
  for (const each of causes(error)) {
    if (each instanceof AggregateError && each.errors.length > 0) return systemCode(each.errors[0]);
    const { code } = each as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}

/** An error and its causes, at most five. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
}
