/** What an error of the network stack means, and whether to retry. Pure. */
import { codeOf, LocalError, MaviError, NetworkError } from '../errors.ts';

const UNKNOWN_AUTHORITY = 'its certificate is signed by an authority that this machine does not know';
const SELF_SIGNED = 'its certificate is self-signed';
const TRUST_AUTHORITY =
  'for a private certificate authority set NODE_EXTRA_CA_CERTS; the check cannot be disabled';

/** TLS failures that no retry can fix, by code. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_REVOKED: 'its certificate has been revoked',
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
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
  const chain = causes(error);
  const own = chain.find((each) => each instanceof MaviError);
  if (own !== undefined) return own;
  const code = chain.map(codeOf).find((each) => typeof each === 'string' && each !== '') ?? '';
  const words = error instanceof Error ? error.message : String(error);
  if (code.startsWith('HPE_')) {
    const { reason = code } = error as { reason?: string };
    const isTooLarge = code === 'HPE_HEADER_OVERFLOW';
    const what = isTooLarge ? 'response headers that are too large' : 'an invalid HTTP response';
    const text = `${peer} sent ${what}: ${reason} (${code})`;
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
    const isUnknown = certificate === UNKNOWN_AUTHORITY || certificate === SELF_SIGNED;
    const hint = isUnknown ? TRUST_AUTHORITY : (facts.hint ?? CHECK_BASE_URL);
    return new NetworkError('tls', text, { retryable: false, hint, cause: error });
  }
  if (code.startsWith('Z_')) {
    const text = `the compressed body from ${peer} is damaged: ${words}`;
    return new NetworkError('decoding', text, { hint: CHECK_ENCODING, cause: error });
  }
  const isTls = code.startsWith('ERR_SSL') || code === 'EPROTO' || code.startsWith('ERR_TLS');
  // How OpenSSL describes an answer in the clear, in the middle of its own numbers and file names.
  if (isTls && /wrong version number|http request|packet length too long/i.test(words)) {
    const text = `${peer} does not speak TLS`;
    const { hint = CHECK_BASE_URL } = facts;
    return new NetworkError(facts.code ?? 'tls', text, { retryable: false, hint, cause: error });
  }
  const [, reason = words] = /SSL routines:[^:]*:([^:]+)/.exec(words) ?? [];
  const [name, meaning] = CONNECTION_FAULTS[code] ?? [isTls ? 'tls' : 'network', reason];
  const { hint = 'check the network, and HTTPS_PROXY if a proxy is required' } = facts;
  return new NetworkError(facts.code ?? name, `${peer}: ${meaning}`, { hint, cause: error });
}

/** An error and its causes, at most five; where several addresses failed, the first one's in their place. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  let next = error;
  for (let depth = 0; next instanceof Error && depth < 5; depth += 1) {
    const [first] = next instanceof AggregateError ? next.errors : [];
    if (first === undefined) chain.push(next);
    next = first ?? next.cause;
  }
  return chain;
}
