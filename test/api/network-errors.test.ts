import { describe, expect, it } from 'vitest';
import { networkError } from '../../src/api/network-errors.ts';
import { Interrupted, LocalError, NetworkError } from '../../src/errors.ts';

const HOST = 'api.example.com';
const CHECK_NETWORK = 'check the network, and HTTPS_PROXY if a proxy is required';
const CHECK_PROXY = 'check --base-url, and whether a proxy responds instead of the API';
const UNKNOWN_AUTHORITY = 'its certificate is signed by an authority that this machine does not know';
const TRUST_AUTHORITY =
  'for a private certificate authority set NODE_EXTRA_CA_CERTS; the check cannot be disabled';
const CHECK_BASE_URL = 'check --base-url, and whether a proxy responds instead of the API';

function systemError(code: string, message = `some ${code}`, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

describe('an error of the network', () => {
  it.each([
    ['ENOTFOUND', 'dns', 'host not found'],
    ['EAI_AGAIN', 'dns', 'the name lookup failed for now'],
    ['ECONNREFUSED', 'refused', 'connection refused'],
    ['EHOSTUNREACH', 'unreachable', 'host unreachable'],
    ['ENETUNREACH', 'unreachable', 'network unreachable'],
    ['ENETDOWN', 'unreachable', 'the network is down'],
    ['ETIMEDOUT', 'connect_timeout', 'connection timed out'],
    ['ECONNRESET', 'connection_lost', 'connection lost'],
    ['EPIPE', 'connection_lost', 'connection lost'],
    ['ECONNABORTED', 'connection_lost', 'connection lost'],
  ])('%s is retried, as %s', (systemCode, code, meaning) => {
    const cause = systemError(systemCode);
    const error = networkError(cause, HOST);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      exitCode: 6,
      code,
      message: `${HOST}: ${meaning}`,
      hint: CHECK_NETWORK,
      retryable: true,
      cause,
    });
  });

  it.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name', CHECK_BASE_URL],
    ['HOSTNAME_MISMATCH', 'its certificate is for another name', CHECK_BASE_URL],
    ['CERT_HAS_EXPIRED', 'its certificate has expired', CHECK_BASE_URL],
    [
      'CERT_NOT_YET_VALID',
      'its certificate is not valid yet; is the clock of this machine right?',
      CHECK_BASE_URL,
    ],
    ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY, TRUST_AUTHORITY],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed', TRUST_AUTHORITY],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY, TRUST_AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY, TRUST_AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY, TRUST_AUTHORITY],
    ['CERT_REVOKED', 'its certificate has been revoked', CHECK_BASE_URL],
    ['CERT_UNTRUSTED', UNKNOWN_AUTHORITY, TRUST_AUTHORITY],
    ['CERT_SIGNATURE_FAILURE', 'its certificate has an invalid signature', CHECK_BASE_URL],
  ])('%s is final: a retry does not fix a certificate', (systemCode, meaning, hint) => {
    const cause = systemError(systemCode);
    expect(networkError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'tls',
      message: `the connection to ${HOST} is not secure: ${meaning}`,
      hint,
      retryable: false,
      cause,
    });
  });

  it.each(['EMFILE', 'ENFILE'])('%s is a local error, and names the flag that helps', (systemCode) => {
    const error = networkError(systemError(systemCode), HOST);
    expect(error).toBeInstanceOf(LocalError);
    expect(error).toMatchObject({
      exitCode: 7,
      message: `cannot connect to ${HOST}: too many open files`,
      hint: 'lower --concurrency',
    });
  });

  it('of endless headers is final', () => {
    const cause = systemError('HPE_HEADER_OVERFLOW');
    expect(networkError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'bad_http',
      message: `${HOST} sent response headers that are too large: HPE_HEADER_OVERFLOW (HPE_HEADER_OVERFLOW)`,
      hint: CHECK_PROXY,
      retryable: false,
      cause,
    });
  });

  it("of invalid HTTP names the parser's reason, and is retried", () => {
    const cause = Object.assign(systemError('HPE_INVALID_CONSTANT'), { reason: 'Expected HTTP/' });
    expect(networkError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'bad_http',
      message: `${HOST} sent an invalid HTTP response: Expected HTTP/ (HPE_INVALID_CONSTANT)`,
      hint: CHECK_PROXY,
      retryable: true,
      cause,
    });
  });

  it.each([
    'write EPROTO 805C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl3_record.c:350:',
    'SSL routines::http request',
    'ssl/tls alert: packet length too long',
  ])('an answer in the clear is final, and says so without the words of OpenSSL: %s', (words) => {
    const cause = systemError('EPROTO', words);
    expect(networkError(cause, HOST)).toMatchObject({
      code: 'tls',
      message: `${HOST} does not speak TLS`,
      hint: CHECK_BASE_URL,
      retryable: false,
    });
  });

  it('an answer in the clear by a proxy is a failure of the proxy', () => {
    const cause = systemError('EPROTO', 'SSL routines:ssl3_get_record:wrong version number');
    expect(networkError(cause, HOST, { code: 'proxy', hint: 'check the proxy' })).toMatchObject({
      code: 'proxy',
      message: `${HOST} does not speak TLS`,
      hint: 'check the proxy',
    });
  });

  it('an alert of TLS is shown without the numbers and files of OpenSSL', () => {
    const words =
      'write EPROTO 80:error:0A000410:SSL routines:ssl3_read_bytes:handshake failure:../deps/x.c:1586:alert 40';
    expect(networkError(systemError('EPROTO', words), HOST).message).toBe(`${HOST}: handshake failure`);
  });

  it.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ERR_TLS_HANDSHAKE_TIMEOUT'])(
    '%s is of TLS, and is tried again',
    (systemCode) => {
      const cause = systemError(systemCode, 'the handshake broke');
      expect(networkError(cause, HOST)).toMatchObject({
        code: 'tls',
        message: `${HOST}: the handshake broke`,
        hint: CHECK_NETWORK,
        retryable: true,
        cause,
      });
    },
  );

  it.each([
    ['an unknown code', systemError('EWHATEVER', 'whatever it was'), 'whatever it was'],
    ['a code that ends in one of TLS', systemError('NO_ERR_SSL', 'no'), 'no'],
    ['no code', new Error('without a code'), 'without a code'],
    ['a code that is a number', Object.assign(new Error('odd'), { code: 7 }), 'odd'],
    ['a text', 'just words', 'just words'],
    ['nothing', undefined, 'undefined'],
  ])('with %s keeps its own message', (_what, cause, words) => {
    expect(networkError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'network',
      message: `${HOST}: ${words}`,
      hint: CHECK_NETWORK,
      retryable: true,
    });
  });

  it('is identified by the code of its cause', () => {
    const inner = systemError('ECONNRESET');
    const middle = new Error('without a code', { cause: inner });
    expect(networkError(new Error('x', { cause: middle }), HOST).code).toBe('connection_lost');
  });

  it('is identified by its own code before that of its cause', () => {
    expect(networkError(systemError('EPIPE', 'x', systemError('ENOTFOUND')), HOST).code).toBe(
      'connection_lost',
    );
  });

  it('is identified by the first of several addresses that failed', () => {
    const several = new AggregateError([systemError('ENETUNREACH'), systemError('ECONNREFUSED')]);
    expect(networkError(several, HOST).code).toBe('unreachable');
    const coded = Object.assign(new AggregateError([systemError('ENETUNREACH')]), { code: 'ECONNREFUSED' });
    expect(networkError(new Error('x', { cause: coded }), HOST).code).toBe('unreachable');
    const empty = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(networkError(empty, HOST).code).toBe('refused');
  });

  it('that is its own cause does not loop', () => {
    const circle = new Error('round and round');
    circle.cause = circle;
    expect(networkError(circle, HOST)).toMatchObject({ code: 'network' });
  });

  it('is searched four causes deep', () => {
    const causedBy = (depth: number): unknown =>
      depth === 0 ? systemError('ENOTFOUND') : new Error('wrapped', { cause: causedBy(depth - 1) });
    expect(networkError(causedBy(4), HOST).code).toBe('dns');
    expect(networkError(causedBy(5), HOST).code).toBe('network');
  });

  it('that is a MaviError already stays as it is', () => {
    const signal = new Interrupted('SIGTERM');
    expect(networkError(signal, HOST)).toBe(signal);
    expect(networkError(new Error('wrapped', { cause: signal }), HOST)).toBe(signal);
    expect(networkError(systemError('ECONNRESET', 'x', signal), HOST)).toBe(signal);
  });
});
