/** What an error of the network stack means, by its code: a message that says which, and whether to try again. Pure. */
import { MaviError, NetworkError } from '../errors.ts';

/** Codes of TLS that no second try can mend, and what each means. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that this machine does not know',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by an authority that this machine does not know',
  CERT_REVOKED: 'its certificate has been revoked',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  HOSTNAME_MISMATCH: 'its certificate is for another name',
};

const CONNECTION_FAULTS: Readonly<Record<string, readonly [code: string, meaning: string]>> = {
  ENOTFOUND: ['dns', 'no such host is known'],
  EAI_AGAIN: ['dns', 'the name cannot be looked up now'],
  ECONNREFUSED: ['refused', 'the connection is refused'],
  EHOSTUNREACH: ['unreachable', 'the host cannot be reached'],
  ENETUNREACH: ['unreachable', 'the network cannot be reached'],
  ENETDOWN: ['unreachable', 'the network is down'],
  ETIMEDOUT: ['connect_timeout', 'the connection timed out'],
  ECONNRESET: ['connection_lost', 'the connection was broken off'],
  EPIPE: ['connection_lost', 'the connection was broken off'],
  ECONNABORTED: ['connection_lost', 'the connection was broken off'],
};

/** The error for anything that the network stack threw while talking to `host`. */
export function wireError(error: unknown, host: string): MaviError {
  const own = causes(error).find((each) => each instanceof MaviError);
  if (own !== undefined) return own;
  const code = codeOf(error);
  const certificate = CERTIFICATE_FAULTS[code];
  if (certificate !== undefined) {
    return new NetworkError('tls', `the connection to ${host} is not safe: ${certificate}`, {
      retryable: false,
      hint: 'name the authority of a private certificate with NODE_EXTRA_CA_CERTS; the check cannot be switched off',
      cause: error,
    });
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new NetworkError('bad_http', `${host} answers with headers too large to be the API's`, {
      retryable: false,
      hint: 'check --base-url, and whether a proxy stands between',
      cause: error,
    });
  }
  if (code.startsWith('HPE_')) {
    return new NetworkError('bad_http', `${host} answers with what is no HTTP (${code})`, {
      hint: 'check --base-url, and whether a proxy stands between',
      cause: error,
    });
  }
  const fault = CONNECTION_FAULTS[code];
  if (fault !== undefined) {
    return new NetworkError(fault[0], `${fault[1]} (${host})`, {
      hint: 'check the network, and HTTPS_PROXY if it needs one',
      cause: error,
    });
  }
  const words = error instanceof Error ? error.message : String(error);
  const tls = code.startsWith('ERR_SSL') || code === 'EPROTO' || code.startsWith('ERR_TLS');
  return new NetworkError(tls ? 'tls' : 'network', `${host}: ${words}`, {
    hint: 'check the network, and HTTPS_PROXY if it needs one',
    cause: error,
  });
}

/** The system's code of an error or of what caused it; several addresses tried at once fail with an AggregateError. */
function codeOf(error: unknown): string {
  for (const each of causes(error)) {
    const { code } = each as NodeJS.ErrnoException;
    if (each instanceof AggregateError && each.errors.length > 0) return codeOf(each.errors[0]);
    if (typeof code === 'string' && code !== 'ERR_GOT_REQUEST_ERROR') return code;
  }
  return '';
}

/** An error, what caused it, what caused that, and so on, for as deep as makes sense. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
}
