import { describe, expect, it } from 'vitest';
import { wireError } from '../../src/api/network-errors.ts';
import { Interrupted, NetworkError } from '../../src/errors.ts';

const HOST = 'api.example.com';
const CHECK_NETWORK = 'check the network, and HTTPS_PROXY if it needs one';
const CHECK_PROXY = 'check --base-url, and whether a proxy stands between';
const UNKNOWN_AUTHORITY = 'its certificate is signed by an authority that this machine does not know';

function systemError(code: string, message = `some ${code}`, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

describe('an error of the network', () => {
  it.each([
    ['ENOTFOUND', 'dns', 'no such host is known'],
    ['EAI_AGAIN', 'dns', 'the name cannot be looked up now'],
    ['ECONNREFUSED', 'refused', 'the connection is refused'],
    ['EHOSTUNREACH', 'unreachable', 'the host cannot be reached'],
    ['ENETUNREACH', 'unreachable', 'the network cannot be reached'],
    ['ENETDOWN', 'unreachable', 'the network is down'],
    ['ETIMEDOUT', 'connect_timeout', 'the connection timed out'],
    ['ECONNRESET', 'connection_lost', 'the connection was broken off'],
    ['EPIPE', 'connection_lost', 'the connection was broken off'],
    ['ECONNABORTED', 'connection_lost', 'the connection was broken off'],
  ])('%s is tried again, as %s', (systemCode, code, meaning) => {
    const cause = systemError(systemCode);
    const error = wireError(cause, HOST);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      exitCode: 6,
      code,
      message: `${meaning} (${HOST})`,
      hint: CHECK_NETWORK,
      retryable: true,
      cause,
    });
  });

  it.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
    ['HOSTNAME_MISMATCH', 'its certificate is for another name'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; is the clock of this machine right?'],
    ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
    ['CERT_REVOKED', 'its certificate has been revoked'],
    ['CERT_UNTRUSTED', 'its certificate is not trusted'],
    ['CERT_SIGNATURE_FAILURE', 'the signature of its certificate is wrong'],
  ])('%s is final: no second try mends a certificate', (systemCode, meaning) => {
    const cause = systemError(systemCode);
    expect(wireError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'tls',
      message: `the connection to ${HOST} is not safe: ${meaning}`,
      hint: 'name the authority of a private certificate with NODE_EXTRA_CA_CERTS; the check cannot be switched off',
      retryable: false,
      cause,
    });
  });

  it('of headers that never end is final', () => {
    const cause = systemError('HPE_HEADER_OVERFLOW');
    expect(wireError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'bad_http',
      message: `${HOST} answers with headers too large to be the API's`,
      hint: CHECK_PROXY,
      retryable: false,
      cause,
    });
  });

  it('of what is no HTTP names what the parser calls it, and is tried again', () => {
    const cause = systemError('HPE_INVALID_CONSTANT');
    expect(wireError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'bad_http',
      message: `${HOST} answers with what is no HTTP (HPE_INVALID_CONSTANT)`,
      hint: CHECK_PROXY,
      retryable: true,
      cause,
    });
  });

  it.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ERR_TLS_HANDSHAKE_TIMEOUT'])(
    '%s is of TLS, and is tried again',
    (systemCode) => {
      const cause = systemError(systemCode, 'the handshake broke');
      expect(wireError(cause, HOST)).toMatchObject({
        code: 'tls',
        message: `${HOST}: the handshake broke`,
        hint: CHECK_NETWORK,
        retryable: true,
        cause,
      });
    },
  );

  it.each([
    ['a code nobody knows', systemError('EWHATEVER', 'whatever it was'), 'whatever it was'],
    ['a code that ends in one of TLS', systemError('NO_ERR_SSL', 'no'), 'no'],
    ['no code', new Error('without a code'), 'without a code'],
    ['a code that is a number', Object.assign(new Error('odd'), { code: 7 }), 'odd'],
    ['a text', 'just words', 'just words'],
    ['nothing', undefined, 'undefined'],
  ])('with %s is told in its own words', (_what, cause, words) => {
    expect(wireError(cause, HOST)).toMatchObject({
      exitCode: 6,
      code: 'network',
      message: `${HOST}: ${words}`,
      hint: CHECK_NETWORK,
      retryable: true,
    });
  });

  it('is known by the code of what caused it', () => {
    const inner = systemError('ECONNRESET');
    const middle = new Error('without a code', { cause: inner });
    expect(wireError(systemError('ERR_GOT_REQUEST_ERROR', 'x', middle), HOST).code).toBe('connection_lost');
  });

  it('is known by its own code before that of its cause', () => {
    expect(wireError(systemError('EPIPE', 'x', systemError('ENOTFOUND')), HOST).code).toBe('connection_lost');
  });

  it('is known by the first of several addresses that failed', () => {
    const several = new AggregateError([systemError('ENETUNREACH'), systemError('ECONNREFUSED')]);
    expect(wireError(several, HOST).code).toBe('unreachable');
    const coded = Object.assign(new AggregateError([systemError('ENETUNREACH')]), { code: 'ECONNREFUSED' });
    expect(wireError(new Error('x', { cause: coded }), HOST).code).toBe('unreachable');
    const empty = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(wireError(empty, HOST).code).toBe('refused');
  });

  it('that is its own cause is no endless search', () => {
    const circle = new Error('round and round');
    circle.cause = circle;
    expect(wireError(circle, HOST)).toMatchObject({ code: 'network' });
  });

  it('is looked for four causes deep', () => {
    const causedBy = (depth: number): unknown =>
      depth === 0 ? systemError('ENOTFOUND') : new Error('wrapped', { cause: causedBy(depth - 1) });
    expect(wireError(causedBy(4), HOST).code).toBe('dns');
    expect(wireError(causedBy(5), HOST).code).toBe('network');
  });

  it('that is already understood stays as it is', () => {
    const signal = new Interrupted('SIGTERM');
    expect(wireError(signal, HOST)).toBe(signal);
    expect(wireError(new Error('wrapped', { cause: signal }), HOST)).toBe(signal);
    expect(wireError(systemError('ECONNRESET', 'x', signal), HOST)).toBe(signal);
  });
});
